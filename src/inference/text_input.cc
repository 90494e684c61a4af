#include "inference/text_input.h"

#include <algorithm>
#include <utility>

#include <jammi/error.h>

#include "db/find_table.h"
#include "sql/quoting.h"

namespace jammi::inference {
namespace {

void check_columns(const TableDescription& table, const TextInput& input) {
  if (input.columns.empty()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Inference, "No content columns provided");
  }
  auto check = [&](const std::string& column) {
    if (!std::ranges::contains(table.columns, column, &ColumnDescription::name)) {
      throw source_error(ErrorCode::NotFound, input.source, "Column not found: " + column);
    }
  };
  check(input.key);
  std::ranges::for_each(input.columns, check);
}

TableDescription find_table(const Database& database, const TextInput& input) {
  if (input.table.empty()) {
    std::vector<std::string> columns = input.columns;
    columns.push_back(input.key);
    return db::find_table(database, input.source, columns);
  }
  std::vector<TableDescription> tables = database.describe_source(input.source);
  auto found = std::ranges::find(tables, input.table, &TableDescription::name);
  if (found != tables.end()) return std::move(*found);
  throw source_error(ErrorCode::NotFound, input.source, "Table not found: " + input.table);
}

}  // namespace

TableDescription describe_table(const Database& database, const TextInput& input) {
  TableDescription table = find_table(database, input);
  check_columns(table, input);
  return table;
}

std::string content_query(Content content, const std::string& key, const std::vector<std::string>& columns,
                          const std::string& relation) {
  const bool is_image = content == Content::Image;
  if (is_image && columns.size() > 1) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Inference,
                "Images are read from one column, not from " + std::to_string(columns.size()));
  }
  std::string query = "SELECT " + key;
  for (const std::string& column : columns) {
    query += ", " + (is_image ? sql::quote_identifier(column) : text_of(column));
  }
  return query + " FROM " + relation;
}

std::string text_of(const std::string& column) {
  return "CAST(" + sql::quote_identifier(column) + " AS VARCHAR)";
}

}  // namespace jammi::inference
