#include "io/fault_injecting_file_system.h"

#include <utility>

#include <jammi/error.h>

namespace jammi::io {

class FaultInjectingFileSystem::Writer final : public WritableFile {
 public:
  Writer(FaultInjectingFileSystem& owner, std::unique_ptr<WritableFile> file, std::string path)
      : owner_(owner), file_(std::move(file)), path_(std::move(path)) {}

  void append(std::span<const std::byte> bytes) override {
    owner_.announce("append", path_);
    file_->append(bytes);
  }
  void sync() override {
    owner_.announce("sync", path_);
    file_->sync();
  }
  void close() override {
    owner_.announce("close", path_);
    file_->close();
  }

 private:
  FaultInjectingFileSystem& owner_;
  std::unique_ptr<WritableFile> file_;
  std::string path_;
};

FaultInjectingFileSystem::FaultInjectingFileSystem(std::shared_ptr<FileSystem> files, Hook before_change)
    : files_(std::move(files)), before_change_(std::move(before_change)) {}

void FaultInjectingFileSystem::announce(std::string_view verb, const std::string& path) {
  const size_t number = ++num_changes_;
  before_change_(number, std::string(verb) + " " + path);
}

std::unique_ptr<RandomAccessFile> FaultInjectingFileSystem::open(const std::string& path) const {
  return files_->open(path);
}

std::unique_ptr<FileBytes> FaultInjectingFileSystem::map(const std::string& path) const {
  return files_->map(path);
}

std::unique_ptr<WritableFile> FaultInjectingFileSystem::create(const std::string& path) {
  announce("create", path);
  return std::make_unique<Writer>(*this, files_->create(path), path);
}

void FaultInjectingFileSystem::rename(const std::string& from, const std::string& to) {
  announce("rename", from);
  files_->rename(from, to);
}

bool FaultInjectingFileSystem::remove(const std::string& path) {
  announce("remove", path);
  return files_->remove(path);
}

bool FaultInjectingFileSystem::exists(const std::string& path) const {
  return files_->exists(path);
}

std::vector<std::string> FaultInjectingFileSystem::list(const std::string& directory) const {
  return files_->list(directory);
}

void FaultInjectingFileSystem::create_directories(const std::string& directory) {
  announce("create_directories", directory);
  files_->create_directories(directory);
}

void FaultInjectingFileSystem::sync_directory(const std::string& directory) {
  announce("sync_directory", directory);
  files_->sync_directory(directory);
}

std::unique_ptr<FileLock> FaultInjectingFileSystem::try_lock(const std::string& path) {
  announce("try_lock", path);
  return files_->try_lock(path);
}

FaultInjectingFileSystem::Hook device_full_from(size_t n) {
  return [n](size_t number, std::string_view call) {
    if (number < n || call.starts_with("remove ")) return;
    throw Error(ErrorCode::ResourceExhausted, ErrorCategory::Io,
                "no space left on device: " + std::string(call));
  };
}

}  // namespace jammi::io
