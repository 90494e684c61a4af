#include "sql/point_statement.h"

#include <algorithm>
#include <charconv>

#include <arrow/util/utf8.h>
#include <duckdb/common/string_util.hpp>
#include <duckdb/parser/keyword_helper.hpp>

#include "sql/mutable_catalog.h"
#include "sql/quoting.h"
#include "sql/read_only_catalog.h"

namespace jammi::sql {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Whether a word without quotes names a column wherever one may stand.
bool is_name(const std::string& word) {
  using enum duckdb::KeywordCategory;
  const auto category = duckdb::KeywordHelper::KeywordCategoryType(duckdb::StringUtil::Lower(word));
  return category == KEYWORD_NONE || category == KEYWORD_UNRESERVED || category == KEYWORD_TYPE_NAME;
}

/// Reads a text piece by piece. A piece that is not there is not consumed, but for the sign of a number.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) { skip_spaces(); }

  /// A word without quotes, in any case.
  bool take_word(std::string_view word) {
    const std::string_view next = next_word();
    if (!is_same_name(next, word)) return false;
    advance(next.size());
    return true;
  }

  bool take(char symbol) {
    if (!rest_.starts_with(symbol)) return false;
    advance(1);
    return true;
  }

  std::optional<std::string> take_identifier() {
    if (rest_.starts_with("\"\""))
      return std::nullopt;  // a name must not be empty, nor start with a quote here
    if (rest_.starts_with('"')) return take_quoted('"');
    std::string word(next_word());
    if (word.empty() || !is_name(word)) return std::nullopt;
    advance(word.size());
    return word;
  }

  /// Digits alone, of a number that fits.
  std::optional<int64_t> take_integer() {
    int64_t value = 0;
    const char* end = rest_.data() + rest_.size();
    const auto [stopped, error] = std::from_chars(rest_.data(), end, value);
    if (!rest_.empty() && !is_digit(rest_.front())) return std::nullopt;
    if (error != std::errc() || (stopped != end && (is_letter(*stopped) || *stopped == '.'))) {
      return std::nullopt;
    }
    advance(static_cast<size_t>(stopped - rest_.data()));
    return value;
  }

  std::optional<Literal> take_literal() {
    if (take_word("null")) return std::monostate();
    if (take_word("true")) return true;
    if (take_word("false")) return false;
    if (rest_.starts_with('\'')) return take_quoted('\'');
    const bool is_negative = take('-');
    const std::optional<int64_t> number = take_integer();
    if (!number) return std::nullopt;
    return is_negative ? -*number : *number;
  }

  bool is_at_end() {
    take(';');
    return rest_.empty();
  }

 private:
  void skip_spaces() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

  void advance(size_t count) {
    rest_.remove_prefix(count);
    skip_spaces();
  }

  std::string_view next_word() const {
    if (rest_.empty() || !is_letter(rest_.front())) return {};
    size_t length = 1;
    while (length < rest_.size() && (is_letter(rest_[length]) || is_digit(rest_[length]))) ++length;
    return rest_.substr(0, length);
  }

  /// What stands between quotes, where a doubled one is one.
  std::optional<std::string> take_quoted(char quote) {
    std::string text;
    size_t position = 1;
    for (;; ++position) {
      const size_t end = rest_.find(quote, position);
      if (end == std::string_view::npos) return std::nullopt;
      text += rest_.substr(position, end - position);
      position = end + 1;
      if (position == rest_.size() || rest_[position] != quote) break;
      text += quote;
    }
    if (text.contains('\0') || !arrow::util::ValidateUTF8(text)) return std::nullopt;
    advance(position);
    return text;
  }

  std::string_view rest_;
};

bool read_table(Scanner& scanner, PointStatement& statement) {
  const auto catalog = scanner.take_identifier();
  if (catalog != kMutableCatalog || !scanner.take('.')) return false;
  const auto schema = scanner.take_identifier();
  if (schema != kDefaultSchema || !scanner.take('.')) return false;
  const auto table = scanner.take_identifier();
  statement.table = table.value_or("");
  return table.has_value();
}

bool read_columns(Scanner& scanner, PointStatement& statement) {
  if (scanner.take('*')) return true;
  do {
    auto column = scanner.take_identifier();
    if (!column) return false;
    statement.columns.push_back(*std::move(column));
  } while (scanner.take(','));
  return true;
}

bool read_value(Scanner& scanner, PointStatement::Assignment& assignment) {
  if (auto addend = scanner.take_identifier()) {
    assignment.addend = *std::move(addend);
    const bool is_subtracted = scanner.take('-');
    if (!is_subtracted && !scanner.take('+')) return false;
    const std::optional<int64_t> number = scanner.take_integer();
    assignment.value = is_subtracted ? -number.value_or(0) : number.value_or(0);
    return number.has_value();
  }
  const std::optional<Literal> literal = scanner.take_literal();
  if (literal) assignment.value = *literal;
  return literal.has_value();
}

bool read_assignments(Scanner& scanner, PointStatement& statement) {
  do {
    auto column = scanner.take_identifier();
    if (!column || !scanner.take('=')) return false;
    PointStatement::Assignment assignment{.column = *std::move(column), .addend = "", .value = {}};
    if (!read_value(scanner, assignment)) return false;
    statement.assignments.push_back(std::move(assignment));
  } while (scanner.take(','));
  return true;
}

bool read_key(Scanner& scanner, PointStatement& statement) {
  if (!scanner.take_word("where")) return false;
  do {
    auto column = scanner.take_identifier();
    if (!column || !scanner.take('=')) return false;
    auto literal = scanner.take_literal();
    if (!literal) return false;
    statement.key.emplace_back(*std::move(column), *std::move(literal));
  } while (scanner.take_word("and"));
  return true;
}

bool read_statement(Scanner& scanner, PointStatement& statement) {
  using Verb = PointStatement::Verb;
  if (scanner.take_word("select")) {
    statement.verb = Verb::Select;
    return read_columns(scanner, statement) && scanner.take_word("from") && read_table(scanner, statement);
  }
  if (scanner.take_word("update")) {
    statement.verb = Verb::Update;
    return read_table(scanner, statement) && scanner.take_word("set") && read_assignments(scanner, statement);
  }
  statement.verb = Verb::Delete;
  return scanner.take_word("delete") && scanner.take_word("from") && read_table(scanner, statement);
}

}  // namespace

std::optional<PointStatement> parse_point_statement(std::string_view text) {
  Scanner scanner(text);
  PointStatement statement;
  if (!read_statement(scanner, statement) || !read_key(scanner, statement) || !scanner.is_at_end()) {
    return std::nullopt;
  }
  return statement;
}

}  // namespace jammi::sql
