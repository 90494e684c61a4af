#include "model/hub_cache.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <span>
#include <string_view>
#include <utility>

#include <jammi/error.h>

#include "base/hash.h"
#include "io/local_file_system.h"
#include "model/model_files.h"

namespace jammi::model {
namespace {

constexpr std::chrono::milliseconds kLockPollInterval{50};

/// "org/name" becomes "models--org--name".
std::string folder_name(const std::string& repository) {
  std::string name = "models--" + repository;
  const size_t slash = name.find('/');
  if (slash != std::string::npos) name.replace(slash, 1, "--");
  return name;
}

Error file_error(const std::filesystem::filesystem_error& error) {
  return Error(ErrorCode::Unavailable, ErrorCategory::Io,
               error.code().message() + ": " + error.path1().string());
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  auto files = io::local_file_system();
  files->create_directories(path.parent_path().string());
  io::write_file_atomically(*files, path.string(), std::as_bytes(std::span(text)));
}

bool is_usable(const std::filesystem::path& snapshot, WeightFormat weights) {
  return has_configuration(snapshot) && tokenizer_file(snapshot) && has_weights(snapshot, weights);
}

}  // namespace

HubCache::HubCache(const std::filesystem::path& cache_directory, const std::string& repository,
                   std::string revision, WeightFormat weights)
    : repository_(cache_directory / folder_name(repository)),
      locks_(cache_directory / ".locks" / folder_name(repository)),
      revision_(std::move(revision)),
      weights_(weights) {}

std::optional<std::string> HubCache::commit() const {
  if (std::filesystem::is_directory(snapshot(revision_))) return revision_;
  std::string commit;
  std::ifstream(repository_ / "refs" / revision_) >> commit;
  if (commit.empty()) return std::nullopt;
  return commit;
}

std::optional<std::filesystem::path> HubCache::usable_snapshot() const {
  const std::optional<std::string> known = commit();
  if (!known || !is_usable(snapshot(*known), weights_)) return std::nullopt;
  return snapshot(*known);
}

std::optional<std::filesystem::path> HubCache::complete_snapshot() const {
  std::optional<std::filesystem::path> usable = usable_snapshot();
  if (!usable) return std::nullopt;
  if (std::filesystem::exists(completion_mark(usable->filename()))) return usable;
  // Tools that read only the encoder leave the pooling settings behind, and with them the right vectors.
  const bool has_sentence_files = std::filesystem::exists(*usable / "modules.json") &&
                                  std::filesystem::exists(*usable / "1_Pooling/config.json");
  // ONNX weights alone do not show that the repository has no safetensors.
  const bool has_wanted_weights =
      weights_ != WeightFormat::Any || has_weights(*usable, WeightFormat::Safetensors);
  return has_sentence_files && has_wanted_weights ? usable : std::nullopt;
}

std::filesystem::path HubCache::completion_mark(const std::string& commit) const {
  return repository_ / "jammi-complete" / (weights_ == WeightFormat::Onnx ? commit + ".onnx" : commit);
}

std::filesystem::path HubCache::snapshot(const std::string& commit) const {
  return repository_ / "snapshots" / commit;
}

std::filesystem::path HubCache::blob(const std::string& etag) const {
  return repository_ / "blobs" / etag;
}

std::filesystem::path HubCache::incomplete_blob(const std::string& etag) const {
  return repository_ / "blobs" / (etag + ".incomplete");
}

std::unique_ptr<io::FileLock> HubCache::lock(const std::string& name, std::stop_token stop) const {
  auto files = io::local_file_system();
  files->create_directories(locks_.string());
  files->create_directories((repository_ / "blobs").string());
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock waiting(mutex);
  while (!stop.stop_requested()) {
    if (auto held = files->try_lock((locks_ / (name + ".lock")).string())) return held;
    stopped.wait_for(waiting, stop, kLockPollInterval, [] { return false; });
  }
  throw Error(ErrorCode::Cancelled, ErrorCategory::Io,
              "download cancelled: " + (repository_ / name).string());
}

void HubCache::link(const std::string& commit, const std::string& file, const std::string& etag) const {
  const std::filesystem::path path = snapshot(commit) / file;
  const std::filesystem::path temporary = path.string() + "." + base::random_uuid() + ".tmp";
  try {
    std::filesystem::create_directories(path.parent_path());
    std::filesystem::create_symlink(std::filesystem::relative(blob(etag), path.parent_path()), temporary);
    std::filesystem::rename(temporary, path);
  } catch (const std::filesystem::filesystem_error& error) {
    throw file_error(error);
  }
}

void HubCache::complete(const std::string& commit, std::stop_token stop) const {
  const auto exclusive = lock(commit, std::move(stop));
  if (revision_ != commit) write_text(repository_ / "refs" / revision_, commit);
  write_text(completion_mark(commit), "");
}

}  // namespace jammi::model
