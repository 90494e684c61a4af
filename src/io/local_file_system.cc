#include "io/local_file_system.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jammi/error.h>

namespace jammi::io {
namespace {

ErrorCode code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::NotFound;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ErrorCode::ResourceExhausted;
    case EACCES:
    case EPERM:
    case EROFS:
    case EISDIR:
    case ENAMETOOLONG:
      return ErrorCode::InvalidArgument;
    default:
      return ErrorCode::Unavailable;
  }
}

[[noreturn]] void throw_system_error(const char* sentence, const std::string& path, int error_number) {
  throw Error(code_of(error_number), ErrorCategory::Io,
              std::string(sentence) + ": " + path + ": " + std::generic_category().message(error_number));
}

/// An open file descriptor.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (number_ < 0) throw_system_error("cannot open file", path, errno);
  }
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

  /// False, with errno set, when the device reports a late error.
  bool close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

uint64_t size_of(const Descriptor& descriptor, const std::string& path) {
  struct stat status;
  if (fstat(descriptor.number(), &status) != 0) throw_system_error("cannot read file", path, errno);
  if (S_ISDIR(status.st_mode)) throw_system_error("cannot read file", path, EISDIR);
  return static_cast<uint64_t>(status.st_size);
}

class LocalRandomAccessFile final : public RandomAccessFile {
 public:
  explicit LocalRandomAccessFile(std::string path)
      : path_(std::move(path)), descriptor_(path_, O_RDONLY), size_(size_of(descriptor_, path_)) {}

  uint64_t size() const override { return size_; }

  size_t read_at(uint64_t offset, std::span<std::byte> out) const override {
    size_t total = 0;
    while (total < out.size()) {
      const ssize_t count = pread(descriptor_.number(), out.data() + total, out.size() - total,
                                  static_cast<off_t>(offset + total));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_system_error("cannot read file", path_, errno);
      if (count == 0) break;
      total += static_cast<size_t>(count);
    }
    return total;
  }

 private:
  std::string path_;
  Descriptor descriptor_;
  uint64_t size_;
};

class LocalWritableFile final : public WritableFile {
 public:
  explicit LocalWritableFile(std::string path)
      : path_(std::move(path)), descriptor_(path_, O_WRONLY | O_CREAT | O_TRUNC) {}

  void append(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = write(descriptor_.number(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_system_error("cannot write file", path_, errno);
      bytes = bytes.subspan(static_cast<size_t>(count));
    }
  }

  void sync() override {
    if (fsync(descriptor_.number()) != 0) throw_system_error("cannot sync file", path_, errno);
  }

  void close() override {
    if (!descriptor_.close()) throw_system_error("cannot close file", path_, errno);
  }

 private:
  std::string path_;
  Descriptor descriptor_;
};

class MappedFile final : public FileBytes {
 public:
  explicit MappedFile(const std::string& path) {
    const Descriptor descriptor(path, O_RDONLY);
    size_ = size_of(descriptor, path);
    if (size_ == 0) return;  // mmap refuses an empty range
    address_ = mmap(nullptr, size_, PROT_READ, MAP_SHARED, descriptor.number(), 0);
    if (address_ == MAP_FAILED) throw_system_error("cannot map file", path, errno);
  }
  ~MappedFile() override {
    if (size_ > 0) munmap(address_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const override {
    return {static_cast<const std::byte*>(address_), size_};
  }

 private:
  void* address_ = nullptr;
  size_t size_ = 0;
};

class LocalFileLock final : public FileLock {
 public:
  explicit LocalFileLock(std::unique_ptr<Descriptor> descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  std::unique_ptr<Descriptor> descriptor_;
};

class LocalFileSystem final : public FileSystem {
 public:
  std::unique_ptr<RandomAccessFile> open(const std::string& path) const override {
    return std::make_unique<LocalRandomAccessFile>(path);
  }

  std::unique_ptr<FileBytes> map(const std::string& path) const override {
    return std::make_unique<MappedFile>(path);
  }

  std::unique_ptr<WritableFile> create(const std::string& path) override {
    return std::make_unique<LocalWritableFile>(path);
  }

  void rename(const std::string& from, const std::string& to) override {
    if (std::rename(from.c_str(), to.c_str()) != 0) throw_system_error("cannot rename file", from, errno);
  }

  bool remove(const std::string& path) override {
    if (unlink(path.c_str()) == 0) return true;
    if (errno != ENOENT) throw_system_error("cannot remove file", path, errno);
    return false;
  }

  bool exists(const std::string& path) const override { return access(path.c_str(), F_OK) == 0; }

  std::vector<std::string> list(const std::string& directory) const override {
    std::error_code failure;
    std::vector<std::string> names;
    for (std::filesystem::directory_iterator it(directory, failure), end; !failure && it != end;
         it.increment(failure)) {
      if (it->is_regular_file(failure)) names.push_back(it->path().filename().string());
    }
    if (failure) throw_system_error("cannot list directory", directory, failure.value());
    std::ranges::sort(names);
    return names;
  }

  void create_directories(const std::string& directory) override {
    std::error_code failure;
    std::filesystem::create_directories(directory, failure);
    if (failure) throw_system_error("cannot make directory", directory, failure.value());
  }

  void sync_directory(const std::string& directory) override {
    const Descriptor descriptor(directory, O_RDONLY | O_DIRECTORY);
    if (fsync(descriptor.number()) != 0) throw_system_error("cannot sync directory", directory, errno);
  }

  std::unique_ptr<FileLock> try_lock(const std::string& path) override {
    while (true) {
      auto descriptor = std::make_unique<Descriptor>(path, O_RDWR | O_CREAT);
      if (flock(descriptor->number(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) throw_system_error("cannot lock file", path, errno);
        return nullptr;
      }
      // The previous owner may have removed the file between our open and our flock; a lock on a file that
      // nobody else can open excludes nobody.
      struct stat locked, named;
      if (fstat(descriptor->number(), &locked) == 0 && stat(path.c_str(), &named) == 0 &&
          locked.st_ino == named.st_ino && locked.st_dev == named.st_dev) {
        return std::make_unique<LocalFileLock>(std::move(descriptor));
      }
    }
  }
};

}  // namespace

std::shared_ptr<FileSystem> local_file_system() {
  return std::make_shared<LocalFileSystem>();
}

}  // namespace jammi::io
