#include "io/memory_file_system.h"

#include <algorithm>
#include <utility>

#include <jammi/error.h>

namespace jammi::io {

struct MemoryFileSystem::Inode {
  mutable std::mutex mutex;  // guards the members below
  std::vector<std::byte> bytes;
  size_t num_durable = 0;
};

/// Shared by the file system and its locks, which may outlive it.
struct MemoryFileSystem::HeldLocks {
  std::mutex mutex;  // guards paths
  std::set<std::string> paths;
};

class MemoryFileSystem::Reader final : public RandomAccessFile, public FileBytes {
 public:
  explicit Reader(const Inode& inode) {
    std::lock_guard lock(inode.mutex);
    bytes_ = inode.bytes;
  }

  uint64_t size() const override { return bytes_.size(); }
  std::span<const std::byte> bytes() const override { return bytes_; }

  size_t read_at(uint64_t offset, std::span<std::byte> out) const override {
    if (offset >= bytes_.size()) return 0;
    const size_t count = std::min<size_t>(out.size(), bytes_.size() - offset);
    std::copy_n(bytes_.begin() + static_cast<ptrdiff_t>(offset), count, out.begin());
    return count;
  }

 private:
  std::vector<std::byte> bytes_;
};

class MemoryFileSystem::Writer final : public WritableFile {
 public:
  explicit Writer(std::shared_ptr<Inode> inode) : inode_(std::move(inode)) {}

  void append(std::span<const std::byte> bytes) override {
    std::lock_guard lock(inode_->mutex);
    inode_->bytes.insert(inode_->bytes.end(), bytes.begin(), bytes.end());
  }

  void sync() override {
    std::lock_guard lock(inode_->mutex);
    inode_->num_durable = inode_->bytes.size();
  }

  void close() override {}

 private:
  std::shared_ptr<Inode> inode_;
};

MemoryFileSystem::MemoryFileSystem() : locks_(std::make_shared<HeldLocks>()) {}

std::shared_ptr<MemoryFileSystem> MemoryFileSystem::after_power_cut(PowerCut cut) const {
  auto left = std::make_shared<MemoryFileSystem>();
  std::lock_guard lock(mutex_);
  for (const auto& [path, inode] : cut.keeps_names ? names_ : durable_names_) {
    auto copy = std::make_shared<Inode>();
    std::lock_guard inode_lock(inode->mutex);
    const size_t num_unsynced = inode->bytes.size() - inode->num_durable;
    const size_t num_left = inode->num_durable + (cut.keeps_half_bytes ? num_unsynced / 2 : 0);
    copy->bytes.assign(inode->bytes.begin(), inode->bytes.begin() + static_cast<ptrdiff_t>(num_left));
    copy->num_durable = num_left;
    left->names_[path] = left->durable_names_[path] = std::move(copy);
  }
  return left;
}

std::shared_ptr<MemoryFileSystem::Inode> MemoryFileSystem::find(const std::string& path) const {
  std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) throw Error(ErrorCode::NotFound, ErrorCategory::Io, "no such file: " + path);
  return found->second;
}

std::unique_ptr<RandomAccessFile> MemoryFileSystem::open(const std::string& path) const {
  return std::make_unique<Reader>(*find(path));
}

std::unique_ptr<FileBytes> MemoryFileSystem::map(const std::string& path) const {
  return std::make_unique<Reader>(*find(path));
}

std::unique_ptr<WritableFile> MemoryFileSystem::create(const std::string& path) {
  auto inode = std::make_shared<Inode>();
  std::lock_guard lock(mutex_);
  names_[path] = inode;
  return std::make_unique<Writer>(std::move(inode));
}

void MemoryFileSystem::rename(const std::string& from, const std::string& to) {
  std::shared_ptr<Inode> inode = find(from);
  std::lock_guard lock(mutex_);
  names_.erase(from);
  names_[to] = std::move(inode);
}

bool MemoryFileSystem::remove(const std::string& path) {
  std::lock_guard lock(mutex_);
  return names_.erase(path) > 0;
}

bool MemoryFileSystem::exists(const std::string& path) const {
  std::lock_guard lock(mutex_);
  return names_.contains(path);
}

std::vector<std::string> MemoryFileSystem::list(const std::string& directory) const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [path, inode] : names_) {
    if (parent_directory(path) == directory) names.push_back(path.substr(path.rfind('/') + 1));
  }
  return names;
}

void MemoryFileSystem::create_directories(const std::string&) {}

void MemoryFileSystem::sync_directory(const std::string& directory) {
  std::lock_guard lock(mutex_);
  std::erase_if(durable_names_,
                [&](const auto& entry) { return parent_directory(entry.first) == directory; });
  for (const auto& [path, inode] : names_) {
    if (parent_directory(path) == directory) durable_names_[path] = inode;
  }
}

std::unique_ptr<FileLock> MemoryFileSystem::try_lock(const std::string& path) {
  class HeldLock final : public FileLock {
   public:
    HeldLock(std::shared_ptr<HeldLocks> locks, std::string locked_path)
        : locks_(std::move(locks)), path_(std::move(locked_path)) {}
    ~HeldLock() override {
      std::lock_guard lock(locks_->mutex);
      locks_->paths.erase(path_);
    }

   private:
    std::shared_ptr<HeldLocks> locks_;
    std::string path_;
  };
  if (!exists(path)) create(path);
  std::lock_guard lock(locks_->mutex);
  if (!locks_->paths.insert(path).second) return nullptr;
  return std::make_unique<HeldLock>(locks_, path);
}

}  // namespace jammi::io
