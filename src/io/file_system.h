#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace jammi::io {

/// A file open for reading at any offset. Safe for concurrent reads.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;

  virtual uint64_t size() const = 0;

  /// Fills `out` from `offset` and returns the bytes read: fewer than asked only at the end of the file.
  virtual size_t read_at(uint64_t offset, std::span<std::byte> out) const = 0;
};

/// A file being written from its start. Destroying it without `close` leaves an unspecified prefix.
class WritableFile {
 public:
  virtual ~WritableFile() = default;

  virtual void append(std::span<const std::byte> bytes) = 0;

  /// Returns once every byte appended so far would survive a power cut.
  virtual void sync() = 0;

  virtual void close() = 0;
};

/// The whole content of a file as memory; local files are mapped, not read.
class FileBytes {
 public:
  virtual ~FileBytes() = default;
  virtual std::span<const std::byte> bytes() const = 0;
};

/// Exclusive ownership of a lock file, until destroyed or the process dies.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

/// The one seam to files. Paths use '/'. Thread-safe.
///
/// Every function throws Io errors that name the path: NotFound, ResourceExhausted when the device is full,
/// InvalidArgument when permission is missing, Unavailable for anything else the device reports.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual std::unique_ptr<RandomAccessFile> open(const std::string& path) const = 0;

  virtual std::unique_ptr<FileBytes> map(const std::string& path) const = 0;

  /// Makes an empty file, replacing one that exists.
  virtual std::unique_ptr<WritableFile> create(const std::string& path) = 0;

  /// Gives `from` the name `to` atomically, replacing what had it. Durable after `sync_directory`.
  virtual void rename(const std::string& from, const std::string& to) = 0;

  /// Returns whether there was a file to remove.
  virtual bool remove(const std::string& path) = 0;

  virtual bool exists(const std::string& path) const = 0;

  /// Names, without the directory, of the files directly in `directory`, sorted.
  virtual std::vector<std::string> list(const std::string& directory) const = 0;

  virtual void create_directories(const std::string& directory) = 0;

  /// Returns once creations, renames and removals in `directory` would survive a power cut.
  virtual void sync_directory(const std::string& directory) = 0;

  /// Takes the lock file `path`, making it if needed; null when this or another process holds it. The file
  /// stays behind when the lock is dropped.
  virtual std::unique_ptr<FileLock> try_lock(const std::string& path) = 0;
};

/// Everything up to the last '/' of `path`; "." without one.
std::string parent_directory(const std::string& path);

/// Writes `bytes` to `path` so that a crash leaves the old file or the new one: temporary file, sync, rename,
/// directory sync. The temporary name is `path` + ".tmp".
void write_file_atomically(FileSystem& files, const std::string& path, std::span<const std::byte> bytes);

/// Reads a whole file into memory.
std::string read_file(const FileSystem& files, const std::string& path);

}  // namespace jammi::io
