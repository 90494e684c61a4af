#pragma once

#include <exception>
#include <memory>
#include <string>

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <jammi/error.h>

#include "io/file_system.h"

namespace jammi::storage {

/// Lets Arrow write to a file of ours. What the file throws is kept, for `check` to throw again in place of
/// the status that Arrow makes of it.
class ArrowOutput final : public arrow::io::OutputStream {
 public:
  explicit ArrowOutput(std::unique_ptr<io::WritableFile> file);

  arrow::Status Write(const void* data, int64_t num_bytes) override;
  arrow::Status Close() override;
  arrow::Result<int64_t> Tell() const override { return position_; }
  bool closed() const override { return is_closed_; }

  io::WritableFile& file() { return *file_; }
  const std::exception_ptr& failure() const { return failure_; }

 private:
  std::unique_ptr<io::WritableFile> file_;
  int64_t position_ = 0;
  bool is_closed_ = false;
  std::exception_ptr failure_;
};

/// Lets Arrow read a file of ours, in the same way.
class ArrowInput final : public arrow::io::RandomAccessFile {
 public:
  explicit ArrowInput(std::unique_ptr<io::RandomAccessFile> file);

  arrow::Result<int64_t> GetSize() override;
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t num_bytes, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t num_bytes) override;
  arrow::Result<int64_t> Read(int64_t num_bytes, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t num_bytes) override;
  arrow::Status Seek(int64_t position) override;
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Close() override;
  bool closed() const override { return file_ == nullptr; }

  const std::exception_ptr& failure() const { return failure_; }

 private:
  std::unique_ptr<io::RandomAccessFile> file_;
  int64_t position_ = 0;
  std::exception_ptr failure_;
};

/// Throws unless `status` is OK: what the file threw, ResourceExhausted for out of memory, else `code`, with
/// `path` in the message.
void check(const arrow::Status& status, const std::exception_ptr& file_failure, ErrorCode code,
           const std::string& path);

}  // namespace jammi::storage
