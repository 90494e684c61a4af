#include "sql/errors.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <duckdb.hpp>

#include "base/url_password.h"

namespace jammi::sql {
namespace {

constexpr const char* kCodeKey = "jammi_code";
constexpr const char* kCategoryKey = "jammi_category";
constexpr const char* kMessageKey = "jammi_message";  // what() may get an echo of the statement behind it

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

ErrorCode io_code(std::string_view message) {
  if (contains(message, "No space left on device")) return ErrorCode::ResourceExhausted;
  if (contains(message, "canceling statement due to user request")) return ErrorCode::Cancelled;
  if (contains(message, "No such file") || contains(message, "No files found")) return ErrorCode::NotFound;
  return ErrorCode::Unavailable;
}

/// What a server said of a statement that an extension sent it, without that statement; nothing in other
/// messages.
std::optional<std::string_view> answer_of_server(std::string_view message) {
  constexpr std::string_view kMark = "\": ERROR:";
  const size_t start = message.rfind(kMark);
  if (!message.starts_with("Failed to ") || start == std::string_view::npos) return std::nullopt;
  return message.substr(start + kMark.size());
}

ErrorCode code_of(duckdb::ExceptionType type, std::string_view message) {
  using duckdb::ExceptionType;
  if (const auto answer = answer_of_server(message)) {
    return contains(*answer, "does not exist") ? ErrorCode::NotFound : io_code(*answer);
  }
  if (message.starts_with("CSV Error") || message.starts_with("Malformed JSON")) {
    return ErrorCode::DataCorruption;
  }
  switch (type) {
    case ExceptionType::CATALOG:
      return ErrorCode::NotFound;
    case ExceptionType::BINDER:
      // A source is a catalog to DuckDB, and its binder is the first to miss one.
      return contains(message, "Catalog \"") ? ErrorCode::NotFound : ErrorCode::InvalidArgument;
    case ExceptionType::IO:
      return io_code(message);
    case ExceptionType::INTERRUPT:
      return ErrorCode::Cancelled;
    case ExceptionType::OUT_OF_MEMORY:
      return ErrorCode::ResourceExhausted;
    case ExceptionType::DATA_CORRUPTION:
    case ExceptionType::SERIALIZATION:
      return ErrorCode::DataCorruption;
    case ExceptionType::TRANSACTION:
    case ExceptionType::RESOURCE_IN_USE:
      return ErrorCode::Conflict;
    case ExceptionType::NOT_IMPLEMENTED:
    case ExceptionType::PERMISSION:
    case ExceptionType::MISSING_EXTENSION:
    case ExceptionType::AUTOLOAD:
      return ErrorCode::Unsupported;
    case ExceptionType::NETWORK:
    case ExceptionType::HTTP:
    case ExceptionType::CONNECTION:
      return ErrorCode::Unavailable;
    case ExceptionType::INVALID:
    case ExceptionType::FATAL:
    case ExceptionType::INTERNAL:
    case ExceptionType::NULL_POINTER:
    case ExceptionType::SCHEDULER:
    case ExceptionType::EXECUTOR:
    case ExceptionType::OPTIMIZER:
    case ExceptionType::PLANNER:
      return ErrorCode::Internal;
    default:
      return ErrorCode::InvalidArgument;
  }
}

std::string_view line_at(std::string_view text, size_t start) {
  return text.substr(start, text.find('\n', start) - start);
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// Joins the lines up to the echo of the statement or to hints at settings that no user can change.
std::string one_line(std::string_view message) {
  std::string joined;
  for (size_t start = 0; start < message.size();) {
    std::string_view line = line_at(message, start);
    start += line.size() + 1;
    line = trimmed(line);
    if (line.starts_with("LINE ") || line.starts_with("Possible ")) break;
    if (line.empty()) continue;
    if (!joined.empty()) joined += ' ';
    joined += line;
  }
  constexpr std::string_view kFileKey = "\n  file = ";
  if (size_t file = message.find(kFileKey); file != std::string_view::npos) {
    joined += " in file ";
    joined += line_at(message, file + kFileKey.size());
  }
  return joined;
}

/// What comes before the first space outside quotes.
std::string_view first_word(std::string_view text) {
  bool is_quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') is_quoted = !is_quoted;
    if (text[i] == ' ' && !is_quoted) return text.substr(0, i);
  }
  return text;
}

// The qualified name that DuckDB underlined, where the message has only its last part; the line goes on below
// the word SET of an UPDATE. Empty when the columns cannot be trusted.
std::string_view underlined(std::string_view message) {
  size_t start = message.find("\nLINE ");
  if (start == std::string_view::npos) return {};
  std::string_view echo = line_at(message, start + 1);
  if (start + 1 + echo.size() >= message.size()) return {};
  std::string_view marks = line_at(message, start + 2 + echo.size());
  size_t first = marks.find('^');
  bool is_ascii = std::ranges::all_of(echo, [](char c) { return static_cast<unsigned char>(c) < 128; });
  if (first == std::string_view::npos || first >= echo.size() || !is_ascii) return {};
  return first_word(trimmed(echo.substr(first, marks.size() - first)));
}

// Replaces DuckDB's suggestions, which name tables of its own and functions that the engine took away.
std::string missing_entry(const duckdb::ErrorData& error) {
  auto text_of = [&](const char* key) {
    auto found = error.ExtraInfo().find(key);
    return found == error.ExtraInfo().end() ? std::string() : found->second;
  };
  if (text_of("type") == "Table") {
    std::string_view name = underlined(error.RawMessage());
    return "no such table: " + (name.empty() ? text_of("name") : std::string(name));
  }
  return "no such function: " + text_of("name");
}

// "Table Function with name "x" is not in the catalog, but it exists in the y extension. Please try ..."
std::string without_extension_hint(const std::string& message) {
  size_t first = message.find('"');
  size_t last = message.find('"', first + 1);
  if (first == std::string::npos || last == std::string::npos) return one_line(message);
  return "no such function: " + message.substr(first + 1, last - first - 1);
}

std::string text_of(const duckdb::ErrorData& error) {
  auto subtype = error.ExtraInfo().find("error_subtype");
  if (subtype != error.ExtraInfo().end() && subtype->second == "MISSING_ENTRY") return missing_entry(error);
  if (const auto answer = answer_of_server(error.RawMessage())) {
    return "the server refused to read a table: " + base::hide_passwords(one_line(*answer));
  }
  if (error.Type() == duckdb::ExceptionType::CATALOG && contains(error.RawMessage(), " extension.")) {
    return without_extension_hint(error.RawMessage());
  }
  return base::hide_passwords(one_line(error.RawMessage()));
}

}  // namespace

Error to_error(const duckdb::ErrorData& error) {
  const auto& extra = error.ExtraInfo();
  auto code = extra.find(kCodeKey);
  auto category = extra.find(kCategoryKey);
  auto message = extra.find(kMessageKey);
  if (code != extra.end() && category != extra.end() && message != extra.end()) {
    return Error(static_cast<ErrorCode>(std::stoi(code->second)),
                 static_cast<ErrorCategory>(std::stoi(category->second)), message->second);
  }
  ErrorCode translated = code_of(error.Type(), error.RawMessage());
  switch (translated) {
    case ErrorCode::Internal:
      return Error(translated, ErrorCategory::Sql,
                   "the SQL engine failed: " + base::hide_passwords(line_at(error.RawMessage(), 0)));
    case ErrorCode::Cancelled:
      return Error(translated, ErrorCategory::Sql, "the query was cancelled");
    default:
      return Error(translated, ErrorCategory::Sql, text_of(error));
  }
}

duckdb::Exception to_duckdb(const Error& error) {
  return duckdb::Exception({{kCodeKey, std::to_string(static_cast<int>(error.code()))},
                            {kCategoryKey, std::to_string(static_cast<int>(error.category()))},
                            {kMessageKey, error.message()}},
                           duckdb::ExceptionType::INVALID_INPUT, error.message());
}

Error function_error(std::string_view function, const Error& error) {
  // The prefix of its own category says nothing new inside an error of that category.
  const std::string text = error.category() == ErrorCategory::Sql ? error.message() : error.what();
  return Error(error.code(), ErrorCategory::Sql, std::string(function) + ": " + text);
}

}  // namespace jammi::sql
