#include "model/hub.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include <jammi/error.h>

#include "base/log.h"
#include "io/local_file_system.h"
#include "model/hub_cache.h"
#include "model/hub_download.h"
#include "model/hub_listing.h"

namespace jammi::model {
namespace {

constexpr size_t kMaxRepositoryName = 200;

bool is_name_part(std::string_view part) {
  return !part.empty() && part != "." && part != ".." && std::ranges::all_of(part, [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '_' || c == '-';
  });
}

/// "name" or "org/name"; it becomes part of paths and addresses.
bool is_repository_name(std::string_view name) {
  const size_t slash = name.find('/');
  if (name.size() > kMaxRepositoryName) return false;
  if (slash == std::string_view::npos) return is_name_part(name);
  return is_name_part(name.substr(0, slash)) && is_name_part(name.substr(slash + 1));
}

/// One repository being fetched.
class HubFetch {
 public:
  HubFetch(const std::string& repository, const HubOptions& options, const HubCache& cache,
           const HubProgressCallback& progress, std::stop_token stop)
      : repository_(repository),
        options_(options),
        cache_(cache),
        progress_(progress),
        stop_(std::move(stop)),
        client_(options.http) {}

  /// Downloads what the cache lacks and returns the snapshot's directory.
  std::filesystem::path run(const HubListing& listing) {
    for (const HubFile& file : listing.files) state_.bytes_total += file.size;
    for (const HubFile& file : listing.files) fetch_file(listing.commit, file);
    for (const HubFile& file : listing.files) cache_.link(listing.commit, file.name, file.etag);
    cache_.complete(listing.commit, stop_);
    return cache_.snapshot(listing.commit);
  }

  HubListing list() {
    const io::HttpRequest request =
        make_request("/api/models/" + repository_ + "/revision/" + options_.revision + "?blobs=true");
    try {
      const io::HttpResponse response = client_.send(request, {}, stop_);
      if (response.status != 200) refuse(response, request.url);
      return parse_hub_listing(response.body, options_.weights, request.url);
    } catch (const Error& error) {
      throw Error(error.code(), ErrorCategory::Model, "Failed to download config: " + error.message());
    }
  }

 private:
  io::HttpRequest make_request(const std::string& path) const {
    io::HttpRequest request{.url = options_.endpoint + path};
    if (!options_.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + options_.token);
    return request;
  }

  void fetch_file(const std::string& commit, const HubFile& file) {
    state_.file = file.name;
    const std::filesystem::path blob = cache_.blob(file.etag);
    if (!std::filesystem::exists(blob)) {
      const auto lock = cache_.lock(file.etag, stop_);
      if (!std::filesystem::exists(blob)) {
        download(commit, file);
        return;
      }
    }
    count(static_cast<int64_t>(file.size));
  }

  void download(const std::string& commit, const HubFile& file) {
    const io::HttpRequest request = make_request("/" + repository_ + "/resolve/" + commit + "/" + file.name);
    download_blob(
        client_, request, file, cache_.incomplete_blob(file.etag),
        [&](const io::HttpResponse& response) { refuse(response, request.url); },
        [&](int64_t bytes) { count(bytes); }, stop_);
    io::local_file_system()->rename(cache_.incomplete_blob(file.etag).string(),
                                    cache_.blob(file.etag).string());
  }

  /// Bytes that are discarded and fetched again must not make the counter fall.
  void count(int64_t bytes) {
    bytes_present_ += bytes;
    state_.bytes_done =
        std::max(state_.bytes_done, static_cast<uint64_t>(std::max<int64_t>(bytes_present_, 0)));
    if (progress_) progress_(state_);
  }

  [[noreturn]] void refuse(const io::HttpResponse& response, const std::string& url) const {
    const auto reason = response.headers.find("x-error-code");
    const bool is_unknown =
        response.status == 404 || (reason != response.headers.end() && reason->second == "RepoNotFound");
    if (is_unknown) {
      throw Error(ErrorCode::NotFound, ErrorCategory::Model,
                  "no such repository or file, or it is private and HF_TOKEN is not set: " + url);
    }
    if (response.status == 401 || response.status == 403) {
      throw Error(ErrorCode::InvalidArgument, ErrorCategory::Model,
                  "access is restricted; set HF_TOKEN and accept the licence at " + options_.endpoint + "/" +
                      repository_);
    }
    throw Error(ErrorCode::Unavailable, ErrorCategory::Model,
                "the hub answered with status " + std::to_string(response.status) + ": " + url);
  }

  const std::string& repository_;
  const HubOptions& options_;
  const HubCache& cache_;
  const HubProgressCallback& progress_;
  std::stop_token stop_;
  io::HttpClient client_;
  HubProgress state_;
  int64_t bytes_present_ = 0;
};

std::filesystem::path use_incomplete(const std::string& repository, const std::filesystem::path& snapshot,
                                     std::string_view reason) {
  log::warn("using cached files of " + repository +
            ", which may lack its pooling settings: " + std::string(reason));
  return snapshot;
}

std::string_view no_weights(WeightFormat format) {
  switch (format) {
    case WeightFormat::Any:
      return "No safetensors weights found, and no ONNX model";
    case WeightFormat::Safetensors:
      return "No safetensors weights found";
    case WeightFormat::Onnx:
      return "No ONNX model found: neither model.onnx nor onnx/model.onnx";
  }
  return "";
}

std::filesystem::path fetch(const std::string& repository, const HubOptions& options,
                            const HubProgressCallback& progress, std::stop_token stop) {
  const HubCache cache(options.cache_directory, repository, options.revision, options.weights);
  if (auto snapshot = cache.complete_snapshot()) return *snapshot;
  const std::optional<std::filesystem::path> usable = cache.usable_snapshot();
  if (options.is_offline) {
    if (usable) return use_incomplete(repository, *usable, "offline mode");
    throw Error(ErrorCode::Unavailable, ErrorCategory::Model,
                "Failed to download config: offline mode (HF_HUB_OFFLINE) and no copy in " +
                    options.cache_directory.string());
  }
  HubFetch running(repository, options, cache, progress, std::move(stop));
  HubListing listing;
  try {
    listing = running.list();
  } catch (const Error& error) {
    if (!usable || error.code() != ErrorCode::Unavailable) throw;
    return use_incomplete(repository, *usable, error.message());
  }
  if (listing.files.empty()) {
    throw Error(ErrorCode::NotFound, ErrorCategory::Model, std::string(no_weights(options.weights)));
  }
  return running.run(listing);
}

}  // namespace

std::filesystem::path fetch_from_hub(const std::string& repository, const HubOptions& options,
                                     const HubProgressCallback& progress, std::stop_token stop) {
  if (!is_repository_name(repository)) {
    throw model_error(ErrorCode::InvalidArgument, repository,
                      "not the name of a repository; a directory is written local:<path>");
  }
  try {
    return fetch(repository, options, progress, std::move(stop));
  } catch (const Error& error) {
    throw model_error(error.code(), repository, error.message());
  }
}

}  // namespace jammi::model
