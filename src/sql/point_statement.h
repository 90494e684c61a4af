#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace jammi::sql {

/// NULL, TRUE or FALSE, an integer, a text.
using Literal = std::variant<std::monostate, bool, int64_t, std::string>;

/// A statement about the one row of a mutable table whose columns equal literals, as it is written: whether
/// the table and the columns exist and what their types are is not known yet.
struct PointStatement {
  enum class Verb { Select, Update, Delete };

  struct Assignment {
    std::string column;
    std::string addend;  ///< the column that an integer is added to; empty for a value alone
    Literal value;
  };

  Verb verb = Verb::Select;
  std::string table;
  std::vector<std::string> columns;  ///< of a Select; empty for *
  std::vector<Assignment> assignments;
  std::vector<std::pair<std::string, Literal>> key;
};

/// Reads one of these forms; nothing for any other text, which DuckDB may understand:
///
///   SELECT * | column, ... FROM mutable.public.table WHERE column = literal AND ...
///   UPDATE mutable.public.table SET column = literal | column + integer | column - integer, ... WHERE ...
///   DELETE FROM mutable.public.table WHERE ...
std::optional<PointStatement> parse_point_statement(std::string_view text);

}  // namespace jammi::sql
