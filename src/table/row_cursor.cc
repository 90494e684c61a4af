#include "table/row_cursor.h"

#include "catalog/mutable_table_error.h"

namespace jammi::table {

using catalog::Statement;
using sql::Cell;

void bind_cell(Statement& statement, const Cell& cell, ColumnType type) {
  if (std::holds_alternative<std::monostate>(cell)) {
    statement.bind_null();
  } else if (const auto* integer = std::get_if<int64_t>(&cell)) {
    statement.bind(*integer);
  } else if (const auto* real = std::get_if<double>(&cell)) {
    statement.bind(*real);
  } else if (type == ColumnType::Binary) {
    statement.bind_bytes(std::get<std::string_view>(cell));
  } else {
    statement.bind(std::get<std::string_view>(cell));
  }
}

std::vector<ColumnType> types_of(const MutableTableDefinition& table, std::span<const size_t> columns) {
  std::vector<ColumnType> types;
  for (size_t column : columns) types.push_back(table.columns[column].type);
  return types;
}

std::vector<ColumnType> types_of(const MutableTableDefinition& table) {
  std::vector<ColumnType> types;
  for (const MutableColumn& column : table.columns) types.push_back(column.type);
  return types;
}

bool StatementCursor::next() {
  return catalog::with_backend([&] { return statement_.step(); });
}

Cell StatementCursor::cell(size_t position) const {
  const int column = static_cast<int>(position);
  if (statement_.is_null(column)) return std::monostate();
  switch (types_[position]) {
    case ColumnType::Float32:
    case ColumnType::Float64:
      return statement_.real(column);
    case ColumnType::Utf8:
    case ColumnType::Binary:
      return statement_.bytes(column);
    default:
      return statement_.integer(column);
  }
}

}  // namespace jammi::table
