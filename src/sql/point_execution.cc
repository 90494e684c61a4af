#include "sql/point_execution.h"

#include <algorithm>
#include <ranges>

#include <arrow/table.h>

#include "sql/arrow_rows.h"
#include "sql/arrow_status.h"
#include "sql/integer_range.h"
#include "sql/script.h"

namespace jammi::sql {
namespace {

using Verb = PointStatement::Verb;

/// A statement in terms of a table's definition.
struct ResolvedStatement {
  std::vector<Condition> key;
  std::vector<size_t> columns;  // of a Select
  std::vector<Assignment> assignments;
};

bool fits(int64_t value, ColumnType type) {
  const std::optional<IntegerRange> range = integer_range(type);
  return range && value >= range->min && value <= range->max;
}

/// The literal as the column holds it; nothing where that takes a conversion.
std::optional<OwnedCell> cell_of(const Literal& literal, const MutableColumn& column) {
  if (std::holds_alternative<std::monostate>(literal) && column.is_nullable) return std::monostate();
  if (const auto* truth = std::get_if<bool>(&literal); truth && column.type == ColumnType::Boolean) {
    return int64_t{*truth};
  }
  if (const auto* number = std::get_if<int64_t>(&literal); number && fits(*number, column.type)) {
    return *number;
  }
  if (const auto* text = std::get_if<std::string>(&literal); text && column.type == ColumnType::Utf8) {
    return *text;
  }
  return std::nullopt;
}

/// Whether sums of the type are looked at here: the cells of a UInt64 are not its values.
bool is_summed(ColumnType type) {
  return type != ColumnType::UInt64 && integer_range(type).has_value();
}

/// Nothing for a sum that the column cannot hold.
std::optional<OwnedCell> sum_of(const Cell& addend, int64_t number, const MutableColumn& column) {
  const auto* value = std::get_if<int64_t>(&addend);
  if (value == nullptr) return column.is_nullable ? std::optional<OwnedCell>(std::monostate()) : std::nullopt;
  int64_t sum = 0;
  if (__builtin_add_overflow(*value, number, &sum) || !fits(sum, column.type)) return std::nullopt;
  return sum;
}

std::optional<size_t> position_of(const MutableTableDefinition& table, const std::string& column) {
  const auto found = std::ranges::find(table.columns, column, &MutableColumn::name);
  if (found == table.columns.end()) return std::nullopt;
  return static_cast<size_t>(found - table.columns.begin());
}

/// Nothing unless the statement's key is the primary key.
std::optional<std::vector<Condition>> resolve_key(const PointStatement& statement,
                                                  const MutableTableDefinition& table) {
  if (statement.key.size() != table.primary_key.size()) return std::nullopt;
  std::vector<Condition> key;
  for (const std::string& name : table.primary_key) {
    const auto named = std::ranges::find(statement.key, name, [](const auto& pair) { return pair.first; });
    const std::optional<size_t> column = position_of(table, name);
    if (named == statement.key.end() || !column) return std::nullopt;
    std::optional<OwnedCell> cell = cell_of(named->second, table.columns[*column]);
    if (!cell) return std::nullopt;
    key.push_back({.column = *column, .test = Condition::Test::Equal, .operands = {*std::move(cell)}});
  }
  return key;
}

std::optional<std::vector<size_t>> resolve_columns(const PointStatement& statement,
                                                   const MutableTableDefinition& table) {
  if (statement.columns.empty()) {
    return std::views::iota(size_t{0}, table.columns.size()) | std::ranges::to<std::vector>();
  }
  std::vector<size_t> columns;
  for (const std::string& name : statement.columns) {
    const std::optional<size_t> column = position_of(table, name);
    if (!column || std::ranges::contains(columns, *column)) return std::nullopt;
    columns.push_back(*column);
  }
  return columns;
}

std::optional<Assignment> resolve(const PointStatement::Assignment& written,
                                  const MutableTableDefinition& table) {
  const std::optional<size_t> column = position_of(table, written.column);
  if (!column || std::ranges::contains(table.primary_key, written.column)) return std::nullopt;
  const MutableColumn& definition = table.columns[*column];
  if (written.addend.empty()) {
    std::optional<OwnedCell> value = cell_of(written.value, definition);
    if (!value) return std::nullopt;
    return Assignment{.column = *column, .addend = std::nullopt, .value = *std::move(value)};
  }
  const std::optional<size_t> addend = position_of(table, written.addend);
  if (!addend || table.columns[*addend].type != definition.type || !is_summed(definition.type)) {
    return std::nullopt;
  }
  return Assignment{.column = *column, .addend = addend, .value = std::get<int64_t>(written.value)};
}

std::optional<ResolvedStatement> resolve(const PointStatement& statement,
                                         const MutableTableDefinition& table) {
  auto key = resolve_key(statement, table);
  auto columns = resolve_columns(statement, table);
  if (!key || !columns) return std::nullopt;
  ResolvedStatement resolved{.key = *std::move(key), .columns = *std::move(columns), .assignments = {}};
  for (const PointStatement::Assignment& written : statement.assignments) {
    std::optional<Assignment> assignment = resolve(written, table);
    if (!assignment || std::ranges::contains(resolved.assignments, assignment->column, &Assignment::column)) {
      return std::nullopt;
    }
    resolved.assignments.push_back(*std::move(assignment));
  }
  return resolved;
}

std::vector<Cell> cells_of(const std::vector<Condition>& key) {
  std::vector<Cell> cells;
  for (const Condition& condition : key) cells.push_back(borrowed(condition.operands.front()));
  return cells;
}

std::shared_ptr<arrow::Table> read(const MutableTableDefinition& table, const std::vector<size_t>& positions,
                                   RowCursor& cursor) {
  std::vector<MutableColumn> columns;
  for (const size_t position : positions) columns.push_back(table.columns[position]);
  for (MutableColumn& column : columns) column.is_nullable = true;  // as in all results of queries
  ArrowRows rows(columns);
  while (cursor.next()) rows.append(cursor);
  return value_or_throw(arrow::Table::FromRecordBatches(rows.schema(), {rows.finish()}));
}

/// Replaces sums by their values. False if there is no such row; nothing for a sum that does not fit.
std::optional<bool> add_up(ResolvedStatement& statement, const MutableTableDefinition& table,
                           StoreTransaction& store) {
  std::vector<size_t> addends;
  for (const Assignment& assignment : statement.assignments) {
    if (assignment.addend) addends.push_back(*assignment.addend);
  }
  if (addends.empty()) return true;
  const auto row = store.scan(table, addends, statement.key);
  if (!row->next()) return false;
  size_t position = 0;
  for (Assignment& assignment : statement.assignments) {
    if (!assignment.addend) continue;
    const int64_t number = std::get<int64_t>(assignment.value);
    std::optional<OwnedCell> sum = sum_of(row->cell(position++), number, table.columns[assignment.column]);
    if (!sum) return std::nullopt;
    assignment.value = *std::move(sum);
  }
  return true;
}

std::shared_ptr<arrow::Table> update(ResolvedStatement statement, const MutableTableDefinition& table,
                                     StoreTransaction& store) {
  const std::optional<bool> has_row = add_up(statement, table, store);
  if (!has_row) return nullptr;
  if (!*has_row) return count_table({0});
  std::vector<size_t> columns;
  std::vector<Cell> cells;
  for (const Assignment& assignment : statement.assignments) {
    columns.push_back(assignment.column);
    cells.push_back(borrowed(assignment.value));
  }
  cells.append_range(cells_of(statement.key));
  return count_table({static_cast<uint64_t>(store.update(table, columns)->write(cells))});
}

}  // namespace

std::shared_ptr<arrow::Table> run_point_statement(const PointStatement& statement, StoreTransaction& store) {
  const std::optional<MutableTableDefinition> table = store.find(statement.table);
  if (!table) return nullptr;
  std::optional<ResolvedStatement> resolved = resolve(statement, *table);
  if (!resolved) return nullptr;
  switch (statement.verb) {
    case Verb::Select:
      return read(*table, resolved->columns, *store.scan(*table, resolved->columns, resolved->key));
    case Verb::Update:
      return update(*std::move(resolved), *table, store);
    case Verb::Delete:
      return count_table({static_cast<uint64_t>(store.remove(*table)->write(cells_of(resolved->key)))});
  }
  return nullptr;
}

std::shared_ptr<arrow::Table> run_point_statement_at_once(const PointStatement& statement,
                                                          MutableStore& store,
                                                          const catalog::TenantScope& scope) {
  const std::optional<MutableTableDefinition> table = store.recall(statement.table);
  if (!table) return nullptr;
  const std::optional<ResolvedStatement> resolved = resolve(statement, *table);
  if (!resolved) return nullptr;
  if (statement.verb == Verb::Select) {
    const auto row = store.select_row(*table, resolved->columns, resolved->key, scope);
    return row ? read(*table, resolved->columns, *row) : nullptr;
  }
  const bool is_changed = store.change_row(*table, resolved->key, resolved->assignments, scope);
  return is_changed ? count_table({1}) : nullptr;
}

}  // namespace jammi::sql
