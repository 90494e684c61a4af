#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "io/file_system.h"

namespace jammi::io {

/// Files in memory that remember what a power cut would leave: file bytes become durable by `sync`, names by
/// `sync_directory`. Directories need not be created. Thread-safe.
class MemoryFileSystem final : public FileSystem {
 public:
  /// What a device may do with state that was never synced; every combination must be survivable.
  struct PowerCut {
    bool keeps_names = false;       ///< unsynced creations, renames and removals happened all the same
    bool keeps_half_bytes = false;  ///< half of each file's unsynced bytes reached the device
  };

  MemoryFileSystem();

  /// A new file system with what a power cut at this moment would leave, and no locks held.
  std::shared_ptr<MemoryFileSystem> after_power_cut(PowerCut cut) const;

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
  struct Inode;
  struct HeldLocks;
  class Reader;
  class Writer;
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  std::shared_ptr<Inode> find(const std::string& path) const;

  mutable std::mutex mutex_;  // guards everything below
  Names names_;
  Names durable_names_;
  std::shared_ptr<HeldLocks> locks_;
};

}  // namespace jammi::io
