#include "model/hub.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/testing.h"
#include "io/http_testing.h"
#include "model/resolver.h"
#include "model/testing.h"

namespace jammi::model {
namespace {

using io::testing::HttpServer;
using io::testing::ServedReply;
using io::testing::ServedRequest;
using ::jammi::testing::TemporaryDirectory;
using ::testing::Each;

const std::string kRepository = "org/tiny";
const std::string kCommit(40, 'c');

/// A hub with one repository. Files named in `large` are announced with their SHA-256.
class FakeHub {
 public:
  std::map<std::string, std::string> files;
  std::set<std::string> large = {"model.safetensors"};
  /// Answers instead of the hub when it returns something.
  std::function<std::optional<ServedReply>(const ServedRequest&)> interfere;

  FakeHub() : server_([this](const ServedRequest& request) { return answer(request); }) {}

  std::string url() const { return server_.url(); }

  std::vector<std::string> paths() const {
    std::vector<std::string> paths;
    for (const ServedRequest& request : server_.requests()) paths.push_back(request.path);
    return paths;
  }
  std::vector<ServedRequest> requests() const { return server_.requests(); }

  static std::string git_digest(const std::string& text) { return base::sha256_hex(text).substr(0, 40); }

 private:
  ServedReply answer(const ServedRequest& request) const {
    if (interfere) {
      if (auto reply = interfere(request)) return *reply;
    }
    if (request.path == "/api/models/" + kRepository + "/revision/main?blobs=true")
      return {200, {}, listing()};
    const std::string prefix = "/" + kRepository + "/resolve/" + kCommit + "/";
    if (!request.path.starts_with(prefix)) return {404, {}, ""};
    const auto found = files.find(request.path.substr(prefix.size()));
    if (found == files.end()) return {404, {}, ""};
    const auto range = request.headers.find("range");
    if (range == request.headers.end()) return {200, {}, found->second};
    return {206, {}, found->second.substr(std::stoul(range->second.substr(6)))};
  }

  std::string listing() const {
    nlohmann::json siblings = nlohmann::json::array();
    for (const auto& [name, contents] : files) {
      nlohmann::json entry = {
          {"rfilename", name}, {"size", contents.size()}, {"blobId", git_digest(contents)}};
      if (large.contains(name))
        entry["lfs"] = {{"sha256", base::sha256_hex(contents)}, {"size", contents.size()}};
      siblings.push_back(entry);
    }
    return nlohmann::json{{"sha", kCommit}, {"siblings", siblings}}.dump();
  }

  HttpServer server_;
};

class HubTest : public ::testing::Test {
 protected:
  HubTest() {
    for (const char* name : {"config.json", "tokenizer.json", "model.safetensors"}) {
      hub_.files[name] = testing::read_file(testing::tiny_bert() / name);
    }
    hub_.files["README.md"] = "not for inference";
    options_.endpoint = hub_.url();
    options_.cache_directory = directory_.path();
    options_.http.first_backoff = std::chrono::milliseconds(1);
  }

  std::filesystem::path fetch() { return fetch_from_hub(kRepository, options_); }
  const std::string& weights() const { return hub_.files.at("model.safetensors"); }
  std::filesystem::path incomplete_weights() const {
    return directory_.path() / "models--org--tiny/blobs" / (base::sha256_hex(weights()) + ".incomplete");
  }
  /// Answers requests for the weights with `reply`.
  void interfere_with_weights(std::function<std::optional<ServedReply>(const ServedRequest&)> reply) {
    hub_.interfere = [reply = std::move(reply)](const ServedRequest& request) -> std::optional<ServedReply> {
      return request.path.ends_with("/model.safetensors") ? reply(request) : std::nullopt;
    };
  }
  void expect_whole(const std::filesystem::path& snapshot) const {
    for (const char* name : {"config.json", "tokenizer.json", "model.safetensors"}) {
      EXPECT_EQ(testing::read_file(snapshot / name), hub_.files.at(name)) << name;
    }
  }

  TemporaryDirectory directory_;
  FakeHub hub_;
  HubOptions options_;
};

TEST_F(HubTest, a_repository_is_laid_out_as_the_hub_s_own_tools_do) {
  const std::filesystem::path snapshot = fetch();
  expect_whole(snapshot);
  const std::filesystem::path repository = directory_.path() / "models--org--tiny";
  EXPECT_EQ(snapshot, repository / "snapshots" / kCommit);
  EXPECT_EQ(testing::read_file(repository / "refs/main"), kCommit);
  EXPECT_EQ(std::filesystem::read_symlink(snapshot / "model.safetensors"),
            "../../blobs/" + base::sha256_hex(weights()));
  EXPECT_EQ(std::filesystem::read_symlink(snapshot / "config.json"),
            "../../blobs/" + FakeHub::git_digest(hub_.files.at("config.json")));
  EXPECT_FALSE(std::filesystem::exists(snapshot / "README.md"));
}

TEST_F(HubTest, a_complete_snapshot_is_used_without_the_network) {
  fetch();
  const size_t num_requests = hub_.requests().size();
  expect_whole(fetch());
  options_.is_offline = true;
  expect_whole(fetch());
  EXPECT_EQ(hub_.requests().size(), num_requests);
}

TEST_F(HubTest, a_complete_open_clip_snapshot_is_used_without_the_network) {
  hub_.files = {{"open_clip_config.json", "{}"},
                {"bpe_simple_vocab_16e6.txt.gz", "not read here"},
                {"open_clip_model.safetensors", weights()}};
  const std::filesystem::path snapshot = fetch();
  options_.is_offline = true;
  EXPECT_EQ(fetch(), snapshot);
  const size_t num_requests = hub_.requests().size();
  options_.is_offline = false;
  EXPECT_EQ(fetch(), snapshot);
  EXPECT_EQ(hub_.requests().size(), num_requests);
}

TEST_F(HubTest, modules_in_folders_are_fetched) {
  hub_.files["1_Pooling/config.json"] = R"({"pooling_mode_cls_token":true})";
  EXPECT_EQ(testing::read_file(fetch() / "1_Pooling/config.json"), hub_.files["1_Pooling/config.json"]);
}

TEST_F(HubTest, what_another_tool_left_out_is_added_and_what_it_fetched_is_kept) {
  fetch();
  const std::filesystem::path repository = directory_.path() / "models--org--tiny";
  std::filesystem::remove_all(repository / "jammi-complete");
  hub_.files["1_Pooling/config.json"] = R"({"pooling_mode_cls_token":true})";
  EXPECT_TRUE(std::filesystem::exists(fetch() / "1_Pooling/config.json"));
  EXPECT_EQ(std::ranges::count(hub_.paths(), "/org/tiny/resolve/" + kCommit + "/model.safetensors"), 1);
}

TEST_F(HubTest, a_usable_snapshot_serves_when_the_hub_cannot_be_reached) {
  const std::filesystem::path snapshot = fetch();
  std::filesystem::remove_all(directory_.path() / "models--org--tiny/jammi-complete");
  hub_.interfere = [](const ServedRequest&) { return ServedReply{503, {}, ""}; };
  EXPECT_EQ(fetch(), snapshot);
  options_.is_offline = true;
  EXPECT_EQ(fetch(), snapshot);
  std::filesystem::remove(snapshot / "model.safetensors");
  EXPECT_ERROR(ErrorCode::Unavailable, "Model error: org/tiny: Failed to download config: offline mode",
               fetch());
}

TEST_F(HubTest, a_cut_connection_is_resumed_where_it_stopped) {
  int num_requests = 0;
  interfere_with_weights([&](const ServedRequest&) -> std::optional<ServedReply> {
    if (++num_requests > 1) return std::nullopt;
    return ServedReply{200, {}, weights(), 100'000};
  });
  expect_whole(fetch());
  std::vector<std::string> ranges;
  for (const ServedRequest& request : hub_.requests()) {
    if (auto range = request.headers.find("range"); range != request.headers.end())
      ranges.push_back(range->second);
  }
  EXPECT_THAT(ranges, ::testing::ElementsAre("bytes=100000-"));
}

TEST_F(HubTest, a_later_run_continues_what_an_earlier_one_left) {
  testing::write_file(incomplete_weights(), std::string_view(weights()).substr(0, 5000));
  expect_whole(fetch());
  std::vector<std::string> ranges;
  for (const ServedRequest& request : hub_.requests()) {
    if (auto range = request.headers.find("range"); range != request.headers.end())
      ranges.push_back(range->second);
  }
  EXPECT_THAT(ranges, ::testing::ElementsAre("bytes=5000-"));
  EXPECT_FALSE(std::filesystem::exists(incomplete_weights()));
}

TEST_F(HubTest, a_wrong_beginning_is_discarded) {
  testing::write_file(incomplete_weights(), std::string(5000, 'x'));
  expect_whole(fetch());
  testing::write_file(incomplete_weights(), std::string(weights().size() + 1, 'x'));
  std::filesystem::remove_all(directory_.path() / "models--org--tiny/snapshots");
  std::filesystem::remove(directory_.path() / "models--org--tiny/blobs" / base::sha256_hex(weights()));
  expect_whole(fetch());
}

TEST_F(HubTest, a_server_without_ranges_sends_everything_again) {
  testing::write_file(incomplete_weights(), std::string_view(weights()).substr(0, 5000));
  interfere_with_weights([&](const ServedRequest&) { return ServedReply{200, {}, weights()}; });
  expect_whole(fetch());
}

TEST_F(HubTest, contents_that_are_not_the_published_ones_are_refused_and_deleted) {
  std::string damaged = weights();
  damaged[1000] ^= 1;
  interfere_with_weights([&](const ServedRequest&) { return ServedReply{200, {}, damaged}; });
  EXPECT_ERROR(ErrorCode::DataCorruption,
               "Model error: org/tiny: downloaded file does not have its published digest: model.safetensors",
               fetch());
  EXPECT_FALSE(std::filesystem::exists(incomplete_weights()));

  interfere_with_weights([&](const ServedRequest&) { return ServedReply{200, {}, weights() + "x"}; });
  EXPECT_ERROR(ErrorCode::DataCorruption, "more than the published", fetch());

  hub_.interfere = nullptr;
  expect_whole(fetch());
}

TEST_F(HubTest, a_transfer_that_never_finishes_is_given_up) {
  interfere_with_weights([&](const ServedRequest& request) -> ServedReply {
    if (request.headers.contains("range")) return {206, {}, ""};
    return {200, {}, weights(), 10};
  });
  EXPECT_ERROR(ErrorCode::Unavailable, "the hub sends no more bytes", fetch());
  EXPECT_EQ(std::filesystem::file_size(incomplete_weights()), 10u);
}

TEST_F(HubTest, restricted_repositories_say_what_to_do) {
  hub_.interfere = [](const ServedRequest&) { return ServedReply{401, {{"X-Error-Code", "GatedRepo"}}, ""}; };
  EXPECT_ERROR(ErrorCode::InvalidArgument,
               "access is restricted; set HF_TOKEN and accept the licence at " + hub_.url() + "/org/tiny",
               fetch());
  hub_.interfere = [](const ServedRequest&) { return ServedReply{403, {}, ""}; };
  EXPECT_ERROR(ErrorCode::InvalidArgument, "set HF_TOKEN", fetch());
}

TEST_F(HubTest, unknown_repositories_are_not_found) {
  hub_.interfere = [](const ServedRequest&) {
    return ServedReply{401, {{"X-Error-Code", "RepoNotFound"}}, ""};
  };
  EXPECT_ERROR(ErrorCode::NotFound, "Model error: org/tiny: Failed to download config: no such repository",
               fetch());
  hub_.interfere = [](const ServedRequest&) { return ServedReply{404, {}, ""}; };
  EXPECT_ERROR(ErrorCode::NotFound, "no such repository", fetch());
}

TEST_F(HubTest, a_repository_without_usable_weights_is_refused) {
  hub_.files.erase("model.safetensors");
  EXPECT_ERROR(ErrorCode::NotFound, "Model error: org/tiny: No safetensors weights found", fetch());
}

TEST_F(HubTest, onnx_weights_are_fetched_where_they_are_asked_for_and_safetensors_stay_what_any_gives) {
  hub_.files["onnx/model.onnx"] = "graph";
  hub_.files["onnx/model.onnx_data"] = "tensors";
  // A whole sentence-transformers repository: nothing but the weights is missing in the second fetch.
  hub_.files["modules.json"] = "[]";
  hub_.files["1_Pooling/config.json"] = "{}";
  const auto has = [](const std::filesystem::path& snapshot, const char* name) {
    return std::filesystem::exists(snapshot / name);
  };
  options_.weights = WeightFormat::Onnx;
  std::filesystem::path snapshot = fetch();
  EXPECT_EQ(testing::read_file(snapshot / "onnx/model.onnx"), "graph");
  EXPECT_EQ(testing::read_file(snapshot / "onnx/model.onnx_data"), "tensors");
  EXPECT_FALSE(has(snapshot, "model.safetensors"));

  options_.weights = WeightFormat::Any;
  expect_whole(fetch());

  const size_t num_requests = hub_.requests().size();
  for (WeightFormat format : {WeightFormat::Any, WeightFormat::Safetensors, WeightFormat::Onnx}) {
    options_.weights = format;
    EXPECT_EQ(fetch(), snapshot);
  }
  EXPECT_EQ(hub_.requests().size(), num_requests) << "the snapshot has both";
}

TEST_F(HubTest, the_backend_of_the_configuration_chooses_the_weights) {
  hub_.files["onnx/model.onnx"] = "graph";
  const auto resolve = [&](Config::Backend backend) {
    return Resolver(backend, {}, options_).resolve({ModelSource::Kind::Hub, kRepository});
  };
  const ResolvedModel onnx = resolve(Config::Backend::Ort);
  EXPECT_EQ(onnx.backend, ModelBackend::Onnx);
  EXPECT_EQ(onnx.weight_files, std::vector{onnx.directory / "onnx/model.onnx"});
  EXPECT_FALSE(std::filesystem::exists(onnx.directory / "model.safetensors"));
  for (Config::Backend backend : {Config::Backend::Auto, Config::Backend::Candle}) {
    const ResolvedModel native = resolve(backend);
    EXPECT_EQ(native.backend, ModelBackend::Native);
    EXPECT_EQ(native.weight_files, std::vector{native.directory / "model.safetensors"});
  }
}

TEST_F(HubTest, safetensors_of_an_earlier_fetch_are_not_what_onnx_needs) {
  fetch();
  options_.weights = WeightFormat::Onnx;
  EXPECT_ERROR(ErrorCode::NotFound, "org/tiny: No ONNX model found: neither model.onnx nor onnx/model.onnx",
               fetch());
  hub_.files["model.onnx"] = "graph";
  EXPECT_EQ(testing::read_file(fetch() / "model.onnx"), "graph");
}

TEST_F(HubTest, a_repository_with_onnx_weights_only_has_no_safetensors) {
  hub_.files.erase("model.safetensors");
  hub_.files["model.onnx"] = "graph";
  options_.weights = WeightFormat::Safetensors;
  EXPECT_ERROR(ErrorCode::NotFound, "Model error: org/tiny: No safetensors weights found", fetch());
}

TEST_F(HubTest, an_unreachable_hub_is_named) {
  hub_.interfere = [](const ServedRequest&) { return ServedReply{500, {}, ""}; };
  EXPECT_ERROR(ErrorCode::Unavailable,
               "Failed to download config: the hub answered with status 500: " + hub_.url(), fetch());
}

TEST_F(HubTest, names_that_are_no_repositories_never_reach_the_network) {
  for (const char* name :
       {"", "/abs/path", "../x", "a/b/c", "a/..", "org/na me", "org/", "a?b", "jammi:fine-tuned:1"}) {
    EXPECT_ERROR(ErrorCode::InvalidArgument, "not the name of a repository", fetch_from_hub(name, options_));
  }
  EXPECT_TRUE(hub_.requests().empty());
}

TEST_F(HubTest, the_token_is_sent) {
  options_.token = "secret";
  fetch();
  for (const ServedRequest& request : hub_.requests())
    EXPECT_EQ(request.headers.at("authorization"), "Bearer secret");
}

TEST_F(HubTest, progress_grows_to_the_total) {
  interfere_with_weights([&](const ServedRequest& request) -> std::optional<ServedReply> {
    if (request.headers.contains("range")) return std::nullopt;
    return ServedReply{200, {}, weights(), 1000};
  });
  testing::write_file(incomplete_weights(), std::string(5000, 'x'));
  uint64_t previous = 0;
  HubProgress last;
  fetch_from_hub(kRepository, options_, [&](const HubProgress& progress) {
    EXPECT_GE(progress.bytes_done, previous);
    previous = progress.bytes_done;
    last = progress;
  });
  EXPECT_EQ(last.bytes_done, last.bytes_total);
  EXPECT_EQ(last.bytes_total,
            weights().size() + hub_.files.at("config.json").size() + hub_.files.at("tokenizer.json").size());
}

TEST_F(HubTest, a_stop_request_ends_the_download_and_keeps_what_arrived) {
  std::stop_source stop;
  auto stop_during_weights = [&](const HubProgress& progress) {
    if (progress.file == "model.safetensors") stop.request_stop();
  };
  interfere_with_weights([&](const ServedRequest&) { return ServedReply{200, {}, weights(), 5000}; });
  EXPECT_ERROR(ErrorCode::Cancelled, "cancelled",
               fetch_from_hub(kRepository, options_, stop_during_weights, stop.get_token()));
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "models--org--tiny/jammi-complete"));
  hub_.interfere = nullptr;
  expect_whole(fetch());
}

TEST_F(HubTest, several_at_once_fetch_every_file_once) {
  std::vector<std::filesystem::path> snapshots(4);
  {
    std::vector<std::jthread> threads;
    for (auto& snapshot : snapshots) threads.emplace_back([&] { snapshot = fetch(); });
  }
  EXPECT_THAT(snapshots, Each(snapshots[0]));
  expect_whole(snapshots[0]);
  EXPECT_EQ(std::ranges::count(hub_.paths(), "/org/tiny/resolve/" + kCommit + "/model.safetensors"), 1);
}

}  // namespace
}  // namespace jammi::model
