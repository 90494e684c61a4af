#include "table/row_sql.h"

#include <algorithm>
#include <format>
#include <limits>
#include <vector>

#include "catalog/connection.h"
#include "catalog/mutable_table_repository.h"
#include "catalog/postgres.h"
#include "catalog/tenant_filter.h"
#include "sql/integer_range.h"

namespace jammi::table {
namespace {

using catalog::quote_name;
using Test = sql::Condition::Test;

std::string joined(const std::vector<std::string>& parts, const std::string& separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

std::string column_name(const MutableTableDefinition& table, size_t position) {
  return quote_name(table.columns[position].name);
}

std::string condition_sql(const MutableTableDefinition& table, const sql::Condition& condition) {
  const std::string column = column_name(table, condition.column);
  switch (condition.test) {
    case Test::Equal:
      return column + " = ?";
    case Test::Less:
      return column + " < ?";
    case Test::LessOrEqual:
      return column + " <= ?";
    case Test::Greater:
      return column + " > ?";
    case Test::GreaterOrEqual:
      return column + " >= ?";
    case Test::IsNull:
      return column + " IS NULL";
    case Test::IsNotNull:
      return column + " IS NOT NULL";
    case Test::In:
      return column + " IN (" + joined(std::vector<std::string>(condition.operands.size(), "?"), ", ") + ")";
  }
  return {};
}

std::string is_row_of_key(const MutableTableDefinition& table) {
  std::vector<std::string> tests;
  for (const std::string& column : table.primary_key) tests.push_back(quote_name(column) + " = ?");
  return joined(tests, " AND ");
}

std::string is_own_row_of_key(const MutableTableDefinition& table) {
  return is_row_of_key(table) + " AND " + catalog::kIsOwned;
}

std::string column_list(const MutableTableDefinition& table) {
  std::vector<std::string> names;
  for (const MutableColumn& column : table.columns) names.push_back(quote_name(column.name));
  return joined(names, ", ");
}

std::string limit_sql(std::optional<uint64_t> limit) {
  if (!limit) return "";
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();  // that a database counts to
  return " LIMIT " + std::to_string(std::min(*limit, kMost));
}

}  // namespace

std::string select_sql(const MutableTableDefinition& table, std::span<const size_t> columns,
                       std::span<const sql::Condition> conditions) {
  std::vector<std::string> names;
  for (size_t column : columns) names.push_back(column_name(table, column));
  std::vector<std::string> tests;
  for (const sql::Condition& condition : conditions) tests.push_back(condition_sql(table, condition));
  tests.push_back(catalog::kIsVisible);
  return "SELECT " + (names.empty() ? "1" : joined(names, ", ")) + " FROM " + quote_name(table.id) +
         " WHERE " + joined(tests, " AND ");
}

std::string select_row_sql(const MutableTableDefinition& table, std::span<const size_t> columns,
                           std::span<const sql::Condition> key) {
  return select_sql(table, columns, key) + " AND " + catalog::kIsRegistered;
}

std::string change_row_sql(const MutableTableDefinition& table,
                           std::span<const sql::Assignment> assignments) {
  std::vector<std::string> values;
  std::string tests = is_own_row_of_key(table);
  for (const sql::Assignment& assignment : assignments) {
    const std::string column = column_name(table, assignment.column);
    if (!assignment.addend) {
      values.push_back(column + " = ?");
      continue;
    }
    const std::string sum = column_name(table, *assignment.addend) + "::bigint + ?";
    const sql::IntegerRange range = sql::integer_range(table.columns[assignment.column].type).value();
    values.push_back(column + " = " + sum);
    tests += std::format(" AND {} BETWEEN {} AND {}", sum, range.min, range.max);
  }
  const std::string change = values.empty()
                                 ? "DELETE FROM " + quote_name(table.id)
                                 : "UPDATE " + quote_name(table.id) + " SET " + joined(values, ", ");
  return change + " WHERE " + tests + " AND " + catalog::kIsRegistered + " AND " + catalog::kHoldsWriteLock;
}

std::string replay_sql(const MutableTableDefinition& table, std::optional<uint64_t> limit) {
  const std::string order = quote_name(*table.order_column);
  std::vector<std::string> sequence{order};
  std::string test = order + " > ?";
  for (const MutableColumn& column : table.columns) {
    if (column.name != *table.order_column || column.type != ColumnType::UInt64) continue;
    test = "(" + test + " OR " + order + " < 0)";
    sequence.insert(sequence.begin(), order + " < 0");
  }
  for (const std::string& column : table.primary_key) sequence.push_back(quote_name(column));
  return "SELECT " + column_list(table) + " FROM " + quote_name(table.id) + " WHERE " + test + " AND " +
         catalog::kIsVisible + " ORDER BY " + joined(sequence, ", ") + limit_sql(limit);
}

std::string insert_sql(const MutableTableDefinition& table) {
  const std::vector<std::string> values(table.columns.size() + 1, "?");
  return "INSERT INTO " + quote_name(table.id) + " (" + column_list(table) + ", tenant_id) VALUES (" +
         joined(values, ", ") + ")";
}

std::string update_sql(const MutableTableDefinition& table, std::span<const size_t> columns) {
  std::vector<std::string> values;
  for (size_t column : columns) values.push_back(column_name(table, column) + " = ?");
  return "UPDATE " + quote_name(table.id) + " SET " + joined(values, ", ") + " WHERE " +
         is_own_row_of_key(table);
}

std::string delete_sql(const MutableTableDefinition& table) {
  return "DELETE FROM " + quote_name(table.id) + " WHERE " + is_own_row_of_key(table);
}

std::string shared_row_sql(const MutableTableDefinition& table) {
  return "SELECT 1 FROM " + quote_name(table.id) + " WHERE " + is_row_of_key(table) +
         " AND tenant_id IS NULL";
}

}  // namespace jammi::table
