#include "sql/arrow_status.h"

#include <memory>
#include <string>

namespace jammi::sql {
namespace {

constexpr const char* kDetailType = "jammi::Error";

class ErrorDetail final : public arrow::StatusDetail {
 public:
  explicit ErrorDetail(Error error) : error_(std::move(error)) {}

  const char* type_id() const override { return kDetailType; }
  std::string ToString() const override { return std::string(error_traits(error_.code()).name); }
  const Error& error() const { return error_; }

 private:
  Error error_;
};

arrow::StatusCode arrow_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::Cancelled:
      return arrow::StatusCode::Cancelled;
    case ErrorCode::InvalidArgument:
    case ErrorCode::DataCorruption:
      return arrow::StatusCode::Invalid;
    case ErrorCode::NotFound:
      return arrow::StatusCode::KeyError;
    case ErrorCode::AlreadyExists:
      return arrow::StatusCode::AlreadyExists;
    case ErrorCode::ResourceExhausted:
      return arrow::StatusCode::OutOfMemory;
    case ErrorCode::Unavailable:
      return arrow::StatusCode::IOError;
    case ErrorCode::Unsupported:
      return arrow::StatusCode::NotImplemented;
    case ErrorCode::Conflict:
    case ErrorCode::Internal:
      return arrow::StatusCode::UnknownError;
  }
  return arrow::StatusCode::UnknownError;
}

ErrorCode code_of(const arrow::Status& status) {
  if (status.IsCancelled()) return ErrorCode::Cancelled;
  if (status.IsOutOfMemory()) return ErrorCode::ResourceExhausted;
  if (status.IsNotImplemented()) return ErrorCode::Unsupported;
  if (status.IsIOError()) return ErrorCode::Unavailable;
  if (status.IsInvalid() || status.IsTypeError() || status.IsKeyError() || status.IsIndexError()) {
    return ErrorCode::InvalidArgument;
  }
  return ErrorCode::Internal;
}

}  // namespace

arrow::Status to_status(const Error& error) {
  return arrow::Status(arrow_code(error.code()), error.what(), std::make_shared<ErrorDetail>(error));
}

void throw_if_error(const arrow::Status& status) {
  if (status.ok()) return;
  if (status.detail() && std::string_view(status.detail()->type_id()) == kDetailType) {
    throw static_cast<const ErrorDetail&>(*status.detail()).error();
  }
  throw Error(code_of(status), ErrorCategory::Sql, status.message());
}

}  // namespace jammi::sql
