#include "catalog/postgres_text.h"

#include <array>
#include <charconv>

#include <jammi/error.h>

namespace jammi::catalog {
namespace {

void append_escaped(std::string& line, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\\':
        line += R"(\\)";
        break;
      case '\t':
        line += R"(\t)";
        break;
      case '\n':
        line += R"(\n)";
        break;
      case '\r':
        line += R"(\r)";
        break;
      default:
        line += c;
    }
  }
}

void append_value(std::string& line, const Value& value, bool is_binary) {
  if (std::holds_alternative<std::monostate>(value)) {
    line += R"(\N)";
  } else if (const auto* integer = std::get_if<int64_t>(&value)) {
    std::array<char, 24> digits;
    line.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), *integer).ptr);
  } else if (const auto* real = std::get_if<double>(&value)) {
    line += postgres_number(*real);
  } else if (is_binary) {
    append_escaped(line, postgres_bytes(std::get<std::string_view>(value)));
  } else {
    require_no_nul(std::get<std::string_view>(value));
    append_escaped(line, std::get<std::string_view>(value));
  }
}

}  // namespace

void require_no_nul(std::string_view text) {
  const size_t end = text.find('\0');
  if (end == std::string_view::npos) return;
  throw Error(ErrorCode::InvalidArgument, ErrorCategory::Catalog,
              "PostgreSQL cannot hold a text with a NUL byte: " + std::string(text.substr(0, end)));
}

std::string postgres_number(double value) {
  std::array<char, 32> digits;
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

std::string postgres_bytes(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "\\x";
  text.reserve(2 + 2 * bytes.size());
  for (const unsigned char byte : bytes) text.append({kDigits[byte >> 4], kDigits[byte & 15]});
  return text;
}

void append_copy_line(std::string& lines, std::span<const Value> row, std::span<const LoadedColumn> columns) {
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) lines += '\t';
    append_value(lines, row[i], columns[i].is_binary);
  }
  lines += '\n';
}

}  // namespace jammi::catalog
