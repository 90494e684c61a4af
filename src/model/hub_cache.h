#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "io/file_system.h"
#include "model/model_files.h"

namespace jammi::model {

/// One repository in the cache that Hugging Face's tools share:
///
///   <cache>/models--<org>--<name>/
///     refs/<revision>            the commit a branch or tag stood for
///     blobs/<etag>               contents; <etag>.incomplete while they are downloaded
///     snapshots/<commit>/<file>  symbolic links to blobs
///     jammi-complete/<commit>    ours: empty, says that the snapshot has every file Jammi reads;
///                                <commit>.onnx: and that ONNX weights are among them
///   <cache>/.locks/models--<org>--<name>/<etag or commit>.lock
///
/// Several processes may use one cache. Throws Io errors that name the path.
class HubCache {
 public:
  /// `weights` are those that a snapshot needs.
  HubCache(const std::filesystem::path& cache_directory, const std::string& repository, std::string revision,
           WeightFormat weights);

  /// The snapshot of the revision if it has every file Jammi reads: it was completed by us, or its
  /// sentence-transformers files show that it was fetched as a whole.
  std::optional<std::filesystem::path> complete_snapshot() const;

  /// The snapshot of the revision if it has at least configuration, tokenizer and weights.
  std::optional<std::filesystem::path> usable_snapshot() const;

  std::filesystem::path snapshot(const std::string& commit) const;
  std::filesystem::path blob(const std::string& etag) const;
  std::filesystem::path incomplete_blob(const std::string& etag) const;

  /// Waits until the caller alone may write the blob or commit of that name. Throws Cancelled on a stop
  /// request.
  std::unique_ptr<io::FileLock> lock(const std::string& name, std::stop_token stop) const;

  /// Gives a blob the name `file` in a snapshot, replacing what had it.
  void link(const std::string& commit, const std::string& file, const std::string& etag) const;

  /// Records that `commit` is what the revision stands for and that its snapshot is complete.
  void complete(const std::string& commit, std::stop_token stop) const;

 private:
  std::optional<std::string> commit() const;
  std::filesystem::path completion_mark(const std::string& commit) const;

  std::filesystem::path repository_;
  std::filesystem::path locks_;
  std::string revision_;
  WeightFormat weights_;
};

}  // namespace jammi::model
