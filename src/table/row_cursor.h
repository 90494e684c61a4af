#pragma once

#include <span>
#include <string>
#include <vector>

#include <jammi/mutable_table.h>

#include "catalog/connection.h"
#include "sql/mutable_store.h"

namespace jammi::table {

void bind_cell(catalog::Statement& statement, const sql::Cell& cell, ColumnType type);

/// The types of `columns`, positions in the definition.
std::vector<ColumnType> types_of(const MutableTableDefinition& table, std::span<const size_t> columns);
std::vector<ColumnType> types_of(const MutableTableDefinition& table);

/// The rows of a statement, whose parameters are bound before the first is read.
class StatementCursor final : public sql::RowCursor {
 public:
  StatementCursor(catalog::Connection& connection, const std::string& sql, std::vector<ColumnType> types)
      : statement_(connection, sql), types_(std::move(types)) {}

  catalog::Statement& statement() { return statement_; }

  bool next() override;
  sql::Cell cell(size_t position) const override;

 private:
  catalog::Statement statement_;
  std::vector<ColumnType> types_;
};

}  // namespace jammi::table
