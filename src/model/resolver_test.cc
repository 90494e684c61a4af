#include "model/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "model/testing.h"

namespace jammi::model {
namespace {

using ::jammi::testing::TemporaryDirectory;
using ::testing::ElementsAre;

class ResolverTest : public ::testing::Test {
 protected:
  ResolvedModel resolve(const ModelSource& source, Config::Backend hint = Config::Backend::Auto,
                        CatalogLookup lookup = {}) const {
    HubOptions hub;
    hub.cache_directory = directory_.path() / "hub";
    hub.is_offline = true;
    return Resolver(hint, std::move(lookup), hub).resolve(source);
  }
  ModelSource local() const { return {ModelSource::Kind::Local, model_.string()}; }
  void write(std::string_view name) const { testing::write_file(model_ / name, "{}"); }
  std::string error_prefix() const { return "Model error: " + model_.string() + ": "; }

  TemporaryDirectory directory_;
  std::filesystem::path model_ = directory_.path() / "model";
};

TEST(ModelSource, is_read_as_the_user_wrote_it) {
  using Kind = ModelSource::Kind;
  EXPECT_EQ(parse_model_source("local:models/x"), (ModelSource{Kind::Local, "models/x"}));
  EXPECT_EQ(parse_model_source("hf://org/name"), (ModelSource{Kind::Hub, "org/name"}));
  EXPECT_EQ(parse_model_source("org/name"), (ModelSource{Kind::Hub, "org/name"}));
  EXPECT_EQ(parse_model_source("/tmp"), (ModelSource{Kind::Hub, "/tmp"}));
  EXPECT_EQ(parse_model_source("https://host/a/#b c"), (ModelSource{Kind::Http, "https://host/a/#b c"}));
  EXPECT_EQ(parse_model_source("http://127.0.0.1:80"), (ModelSource{Kind::Http, "http://127.0.0.1:80"}));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "model name is empty: local:", parse_model_source("local:"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "model name is empty", parse_model_source(""));
}

TEST(ModelSource, an_address_that_would_show_a_secret_is_refused_without_repeating_it) {
  for (const char* address :
       {"https://me:secret@host", "https://secret@host/#name", "http://host?key=secret"}) {
    try {
      parse_model_source(address);
      ADD_FAILURE() << address;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
      EXPECT_THAT(error.what(), ::testing::HasSubstr("send"));
      EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr("secret")));
    }
  }
  EXPECT_EQ(parse_model_source("http://host#a@b?c").id, "http://host#a@b?c");
  EXPECT_ERROR(ErrorCode::InvalidArgument, "has no host", parse_model_source("https:///v1"));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "has no host", parse_model_source("http://#name"));
}

TEST(ModelSource, a_stored_id_is_local_when_it_is_an_absolute_path_that_exists) {
  EXPECT_EQ(model_source_of_canonical_id("/tmp").kind, ModelSource::Kind::Local);
  EXPECT_EQ(model_source_of_canonical_id("/no/such/path").kind, ModelSource::Kind::Hub);
  EXPECT_EQ(model_source_of_canonical_id(".").kind, ModelSource::Kind::Hub);
  EXPECT_EQ(model_source_of_canonical_id("https://host#a").kind, ModelSource::Kind::Http);
}

TEST_F(ResolverTest, a_directory_gives_its_weights) {
  write("config.json");
  write("model.safetensors");
  ResolvedModel model = resolve(local());
  EXPECT_EQ(model.source, local());
  EXPECT_EQ(model.backend, ModelBackend::Native);
  EXPECT_EQ(model.directory, model_);
  EXPECT_THAT(model.weight_files, ElementsAre(model_ / "model.safetensors"));
}

TEST_F(ResolverTest, weights_may_be_in_several_files) {
  write("config.json");
  write("b.safetensors");
  write("a.safetensors");
  EXPECT_THAT(resolve(local()).weight_files, ElementsAre(model_ / "a.safetensors", model_ / "b.safetensors"));
  testing::write_file(model_ / "model.safetensors.index.json", R"({"weight_map":{"x":"b.safetensors"}})");
  EXPECT_THAT(resolve(local()).weight_files, ElementsAre(model_ / "b.safetensors"));
}

TEST_F(ResolverTest, open_clip_files_win_over_a_conversion_beside_them) {
  write("config.json");
  write("model.safetensors");
  write("open_clip_model.safetensors");
  EXPECT_THAT(resolve(local()).weight_files, ElementsAre(model_ / "model.safetensors"));
  write("open_clip_config.json");
  EXPECT_THAT(resolve(local()).weight_files, ElementsAre(model_ / "open_clip_model.safetensors"));
}

TEST_F(ResolverTest, safetensors_win_over_onnx_unless_the_hint_says_otherwise) {
  write("config.json");
  write("model.onnx");
  EXPECT_EQ(resolve(local()).backend, ModelBackend::Onnx);
  write("model.safetensors");
  EXPECT_EQ(resolve(local()).backend, ModelBackend::Native);
  EXPECT_THAT(resolve(local(), Config::Backend::Ort).weight_files, ElementsAre(model_ / "model.onnx"));
}

TEST_F(ResolverTest, an_onnx_file_may_lie_in_a_folder_of_its_own) {
  write("config.json");
  write("onnx/model.onnx");
  EXPECT_THAT(resolve(local()).weight_files, ElementsAre(model_ / "onnx/model.onnx"));
  write("model.onnx");
  EXPECT_THAT(resolve(local()).weight_files, ElementsAre(model_ / "model.onnx"));
}

TEST_F(ResolverTest, a_directory_that_lacks_something_is_refused_in_the_words_of_the_contract) {
  EXPECT_ERROR(ErrorCode::NotFound, error_prefix() + "Model directory does not exist: " + model_.string(),
               resolve(local()));
  std::filesystem::create_directory(model_);
  EXPECT_ERROR(ErrorCode::NotFound,
               error_prefix() + "Missing config.json or open_clip_config.json in model directory",
               resolve(local()));
  write("config.json");
  EXPECT_ERROR(
      ErrorCode::NotFound,
      error_prefix() +
          "No model weights found (need model.safetensors, open_clip_model.safetensors, or model.onnx)",
      resolve(local()));
  write("model.onnx");
  EXPECT_ERROR(ErrorCode::NotFound, error_prefix() + "No safetensors weights found for Candle backend",
               resolve(local(), Config::Backend::Candle));
  std::filesystem::remove(model_ / "model.onnx");
  write("model.safetensors");
  EXPECT_ERROR(ErrorCode::NotFound, error_prefix() + "No ONNX weights found for ORT backend",
               resolve(local(), Config::Backend::Ort));
}

TEST_F(ResolverTest, the_http_backend_has_no_files) {
  EXPECT_ERROR(ErrorCode::Unsupported, error_prefix() + "Backend Http not supported for local resolution",
               resolve(local(), Config::Backend::Http));
  EXPECT_ERROR(ErrorCode::Unsupported, "Model error: org/name: Backend Http not supported",
               resolve({ModelSource::Kind::Hub, "org/name"}, Config::Backend::Http));
}

TEST_F(ResolverTest, the_catalog_comes_first) {
  write("config.json");
  write("model.safetensors");
  std::string asked;
  ResolvedModel model =
      resolve({ModelSource::Kind::Hub, "org/name"}, Config::Backend::Auto, [&](const std::string& id) {
        asked = id;
        return CatalogModel{model_, ModelBackend::Native};
      });
  EXPECT_EQ(asked, "org/name");
  EXPECT_EQ(model.source.id, "org/name");
  EXPECT_EQ(model.directory, model_);
}

TEST_F(ResolverTest, a_catalog_entry_whose_files_are_gone_is_passed_over) {
  write("config.json");
  write("model.safetensors");
  const std::filesystem::path gone = directory_.path() / "gone";
  auto stale = [&](const std::string&) { return CatalogModel{gone, ModelBackend::Native}; };
  EXPECT_EQ(resolve(local(), Config::Backend::Auto, stale).directory, model_);
  auto wrong_backend = [&](const std::string&) { return CatalogModel{model_, ModelBackend::Onnx}; };
  EXPECT_EQ(resolve(local(), Config::Backend::Auto, wrong_backend).backend, ModelBackend::Native);
}

TEST_F(ResolverTest, a_repository_that_is_not_cached_is_refused_offline) {
  EXPECT_ERROR(ErrorCode::Unavailable, "Model error: org/name: Failed to download config: offline mode",
               resolve({ModelSource::Kind::Hub, "org/name"}));
}

}  // namespace
}  // namespace jammi::model
