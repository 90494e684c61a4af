#include "storage/arrow_files.h"

#include <utility>

#include <arrow/buffer.h>
#include <arrow/status.h>

namespace jammi::storage {
namespace {

/// Runs `body`, keeping what it throws in `failure`.
template <typename Body>
arrow::Status keep_failure(std::exception_ptr& failure, Body body) {
  try {
    body();
    return arrow::Status::OK();
  } catch (const std::exception& thrown) {
    failure = std::current_exception();
    return arrow::Status::IOError(thrown.what());
  }
}

}  // namespace

ArrowOutput::ArrowOutput(std::unique_ptr<io::WritableFile> file) : file_(std::move(file)) {}

arrow::Status ArrowOutput::Write(const void* data, int64_t num_bytes) {
  position_ += num_bytes;
  return keep_failure(failure_, [&] {
    file_->append({static_cast<const std::byte*>(data), static_cast<size_t>(num_bytes)});
  });
}

arrow::Status ArrowOutput::Close() {
  if (std::exchange(is_closed_, true)) return arrow::Status::OK();
  return keep_failure(failure_, [&] { file_->close(); });
}

ArrowInput::ArrowInput(std::unique_ptr<io::RandomAccessFile> file) : file_(std::move(file)) {}

arrow::Result<int64_t> ArrowInput::GetSize() {
  return static_cast<int64_t>(file_->size());
}

arrow::Result<int64_t> ArrowInput::ReadAt(int64_t position, int64_t num_bytes, void* out) {
  if (position < 0 || num_bytes < 0) return arrow::Status::Invalid("negative file offset or length");
  size_t num_read = 0;
  ARROW_RETURN_NOT_OK(keep_failure(failure_, [&] {
    num_read = file_->read_at(static_cast<uint64_t>(position),
                              {static_cast<std::byte*>(out), static_cast<size_t>(num_bytes)});
  }));
  return static_cast<int64_t>(num_read);
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ArrowInput::ReadAt(int64_t position, int64_t num_bytes) {
  // A damaged footer may name any length; no more is allocated than the file can hold.
  if (position < 0 || num_bytes < 0 || num_bytes > static_cast<int64_t>(file_->size()))
    return arrow::Status::Invalid("file offset or length out of range");
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(num_bytes));
  ARROW_ASSIGN_OR_RAISE(const int64_t num_read, ReadAt(position, num_bytes, buffer->mutable_data()));
  ARROW_RETURN_NOT_OK(buffer->Resize(num_read));
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

arrow::Result<int64_t> ArrowInput::Read(int64_t num_bytes, void* out) {
  ARROW_ASSIGN_OR_RAISE(const int64_t num_read, ReadAt(position_, num_bytes, out));
  position_ += num_read;
  return num_read;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ArrowInput::Read(int64_t num_bytes) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, num_bytes));
  position_ += buffer->size();
  return buffer;
}

arrow::Status ArrowInput::Seek(int64_t position) {
  position_ = position;
  return arrow::Status::OK();
}

arrow::Status ArrowInput::Close() {
  file_.reset();
  return arrow::Status::OK();
}

void check(const arrow::Status& status, const std::exception_ptr& file_failure, ErrorCode code,
           const std::string& path) {
  if (status.ok()) return;
  if (file_failure) std::rethrow_exception(file_failure);
  const bool is_out_of_memory = status.IsOutOfMemory() || status.IsCapacityError();
  throw Error(is_out_of_memory ? ErrorCode::ResourceExhausted : code, ErrorCategory::Storage,
              (code == ErrorCode::DataCorruption ? "the result table's file is damaged: "
                                                 : "the result table's file cannot be written: ") +
                  path + ": " + status.message());
}

}  // namespace jammi::storage
