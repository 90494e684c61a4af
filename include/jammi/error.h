#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace jammi {

/// What went wrong, in terms a caller can act on. `error_traits` maps each code to a front end's own notion.
enum class ErrorCode {
  InvalidArgument,
  NotFound,
  AlreadyExists,
  Conflict,
  Unavailable,
  ResourceExhausted,
  Unsupported,
  DataCorruption,
  Cancelled,
  Internal,
};

/// The part of the engine that failed; it chooses the prefix of the text users see (for example
/// "Catalog error: "). `None` has no prefix.
enum class ErrorCategory {
  None,
  Config,
  Toml,
  Json,
  Catalog,
  Source,
  Model,
  Inference,
  FineTune,
  Eval,
  Gpu,
  Backend,
  Io,
  Sql,
  Tenant,
  Channel,
  MutableTable,
  Trigger,
  Storage,
  Schema,
};

/// The one exception of the engine. Thrown with a static sentence first and the value last:
/// `Error(ErrorCode::NotFound, ErrorCategory::Catalog, "no such column: body")`.
/// Immutable once thrown except for activities, which callers add while it travels up.
class Error : public std::exception {
 public:
  Error(ErrorCode code, ErrorCategory category, std::string message);

  ErrorCode code() const noexcept { return code_; }
  ErrorCategory category() const noexcept { return category_; }

  /// The message without prefix and activities; one of more than about 1,000 bytes is shortened in the
  /// middle.
  const std::string& message() const noexcept { return message_; }

  /// Prefix, message and activities: "Storage error: truncated footer (reading a.parquet; embedding
  /// patents)".
  const char* what() const noexcept override { return text_.c_str(); }

  /// Appends what the caller was doing, innermost first, and returns this error for rethrowing.
  Error& add_activity(std::string_view activity);

 private:
  void compose();

  ErrorCode code_;
  ErrorCategory category_;
  std::string message_;
  std::string activities_;
  std::string text_;
};

/// "Source error: <source_id>: <message>".
Error source_error(ErrorCode code, std::string_view source_id, std::string_view message);

/// "Model error: <model_id>: <message>".
Error model_error(ErrorCode code, std::string_view model_id, std::string_view message);

/// How front ends show a code. One table in error.cc; a test enumerates it.
struct ErrorTraits {
  std::string_view name;              ///< "InvalidArgument"
  int grpc_status;                    ///< number of the canonical gRPC status code
  std::string_view python_exception;  ///< class the Python package raises
  int exit_code;                      ///< of the command line
  bool is_retryable;                  ///< the same call may succeed later
};

const ErrorTraits& error_traits(ErrorCode code) noexcept;

/// The text before the message for a category, including ": "; empty for `None`.
std::string_view error_prefix(ErrorCategory category) noexcept;

}  // namespace jammi
