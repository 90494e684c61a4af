#include <array>
#include <utility>

#include <jammi/error.h>

#include "base/shorten.h"

namespace jammi {
namespace {

/// A value in a message may be anything that a user passed in.
constexpr size_t kMaxMessageBytes = 1000;

constexpr std::array<ErrorTraits, 10> kTraits{{
    {"InvalidArgument", 3, "RuntimeError", 1, false},
    {"NotFound", 5, "RuntimeError", 1, false},
    {"AlreadyExists", 6, "RuntimeError", 1, false},
    {"Conflict", 10, "RuntimeError", 1, true},
    {"Unavailable", 14, "RuntimeError", 1, true},
    {"ResourceExhausted", 8, "RuntimeError", 1, true},
    {"Unsupported", 12, "RuntimeError", 1, false},
    {"DataCorruption", 15, "RuntimeError", 1, false},
    {"Cancelled", 1, "KeyboardInterrupt", 130, false},
    {"Internal", 13, "RuntimeError", 1, false},
}};

}  // namespace

std::string_view error_prefix(ErrorCategory category) noexcept {
  switch (category) {
    case ErrorCategory::None:
      return "";
    case ErrorCategory::Config:
      return "Configuration error: ";
    case ErrorCategory::Toml:
      return "TOML parse error: ";
    case ErrorCategory::Json:
      return "JSON error: ";
    case ErrorCategory::Catalog:
      return "Catalog error: ";
    case ErrorCategory::Source:
      return "Source error: ";
    case ErrorCategory::Model:
      return "Model error: ";
    case ErrorCategory::Inference:
      return "Inference error: ";
    case ErrorCategory::FineTune:
      return "Fine-tune error: ";
    case ErrorCategory::Eval:
      return "Eval error: ";
    case ErrorCategory::Gpu:
      return "GPU error: ";
    case ErrorCategory::Backend:
      return "Backend error: ";
    case ErrorCategory::Io:
      return "IO error: ";
    // The engine's SQL category keeps the name that contract §1.6 fixes for its users.
    case ErrorCategory::Sql:
      return "DataFusion error: ";
    case ErrorCategory::Tenant:
      return "Tenant error: ";
    // The guide shows the messages of channels without a prefix.
    case ErrorCategory::Channel:
      return "";
    case ErrorCategory::MutableTable:
      return "Mutable table error: ";
    case ErrorCategory::Trigger:
      return "Trigger error: ";
    case ErrorCategory::Storage:
      return "Storage error: ";
    case ErrorCategory::Schema:
      return "Schema error: ";
  }
  return "";
}

const ErrorTraits& error_traits(ErrorCode code) noexcept {
  return kTraits[static_cast<size_t>(code)];
}

Error::Error(ErrorCode code, ErrorCategory category, std::string message)
    : code_(code), category_(category), message_(base::shortened(std::move(message), kMaxMessageBytes)) {
  compose();
}

Error& Error::add_activity(std::string_view activity) {
  if (!activities_.empty()) activities_ += "; ";
  activities_ += base::shortened(std::string(activity), kMaxMessageBytes);
  compose();
  return *this;
}

void Error::compose() {
  text_ = error_prefix(category_);
  text_ += message_;
  if (!activities_.empty()) text_ += " (" + activities_ + ")";
  // what() is a C string, which ends at the first NUL of a value.
  for (size_t at = text_.find('\0'); at != std::string::npos; at = text_.find('\0', at)) {
    text_.replace(at, 1, "\\0");
  }
}

Error source_error(ErrorCode code, std::string_view source_id, std::string_view message) {
  return Error(code, ErrorCategory::Source, std::string(source_id) + ": " + std::string(message));
}

Error model_error(ErrorCode code, std::string_view model_id, std::string_view message) {
  return Error(code, ErrorCategory::Model, std::string(model_id) + ": " + std::string(message));
}

}  // namespace jammi
