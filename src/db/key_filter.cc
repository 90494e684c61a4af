#include "db/key_filter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include <jammi/error.h>

#include "sql/quoting.h"

namespace jammi::db {
namespace {

constexpr std::array<std::string_view, 7> kIntegerTypes{"TINYINT",  "SMALLINT",  "INTEGER", "BIGINT",
                                                        "UTINYINT", "USMALLINT", "UINTEGER"};

// Whether `text` is how an integer prints, which is the only spelling that equals a cast of one.
bool is_canonical_integer(const std::string& text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::to_string(value) == text;
}

}  // namespace

const ColumnDescription& find_column(const std::string& source_id, const TableDescription& table,
                                     const std::string& column) {
  auto found = std::ranges::find(table.columns, column, &ColumnDescription::name);
  if (found == table.columns.end()) {
    throw source_error(ErrorCode::NotFound, source_id, "Column not found: " + column);
  }
  return *found;
}

std::string key_filter(const std::string& source_id, const TableDescription& table,
                       const std::string& key_column, const std::vector<std::string>& keys) {
  const ColumnDescription& column = find_column(source_id, table, key_column);
  bool is_integer = std::ranges::find(kIntegerTypes, column.type) != kIntegerTypes.end();
  bool is_text = column.type == "VARCHAR";
  std::string list;
  for (const std::string& key : keys) {
    if (is_integer && !is_canonical_integer(key)) continue;  // no integer prints like this
    if (!list.empty()) list += ", ";
    list += is_integer ? key : sql::quote_literal(key);
  }
  if (list.empty()) return "false";
  std::string name = sql::quote_identifier(column.name);
  if (!is_integer && !is_text) name = "CAST(" + name + " AS VARCHAR)";
  return name + " IN (" + list + ")";
}

}  // namespace jammi::db
