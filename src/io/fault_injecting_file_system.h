#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/file_system.h"

namespace jammi::io {

/// Passes every call on to another file system, after showing each one that changes something to a hook. What
/// the hook throws the caller sees, and the call does not happen: so a test makes the n-th call fail, ends
/// the process there, or takes a picture of the state between two calls.
class FaultInjectingFileSystem final : public FileSystem {
 public:
  /// `number` counts the changing calls from 1; `call` reads like "rename a.tmp".
  using Hook = std::function<void(size_t number, std::string_view call)>;

  FaultInjectingFileSystem(std::shared_ptr<FileSystem> files, Hook before_change);

  /// Changing calls seen so far.
  size_t num_changes() const { return num_changes_; }

  std::unique_ptr<RandomAccessFile> open(const std::string& path) const override;
  std::unique_ptr<FileBytes> map(const std::string& path) const override;
  std::unique_ptr<WritableFile> create(const std::string& path) override;
  void rename(const std::string& from, const std::string& to) override;
  bool remove(const std::string& path) override;
  bool exists(const std::string& path) const override;
  std::vector<std::string> list(const std::string& directory) const override;
  void create_directories(const std::string& directory) override;
  void sync_directory(const std::string& directory) override;
  std::unique_ptr<FileLock> try_lock(const std::string& path) override;

 private:
  class Writer;
  void announce(std::string_view verb, const std::string& path);

  std::shared_ptr<FileSystem> files_;
  Hook before_change_;
  std::atomic<size_t> num_changes_ = 0;
};

/// A hook that throws a ResourceExhausted "no space left on device" error at the `n`-th changing call and at
/// every later write, as a full device does; removals still work.
FaultInjectingFileSystem::Hook device_full_from(size_t n);

}  // namespace jammi::io
