#include "sql/point_execution.h"

#include <algorithm>
#include <ranges>

#include <arrow/table.h>

#include "sql/arrow_rows.h"
#include "sql/arrow_status.h"
#include "sql/script.h"

namespace jammi::sql {
namespace {

using Verb = PointStatement::Verb;

bool fits(int64_t value, ColumnType type) {
  switch (type) {
    case ColumnType::Int8:
      return std::in_range<int8_t>(value);
    case ColumnType::Int16:
      return std::in_range<int16_t>(value);
    case ColumnType::Int32:
      return std::in_range<int32_t>(value);
    case ColumnType::Int64:
      return true;
    case ColumnType::UInt8:
      return std::in_range<uint8_t>(value);
    case ColumnType::UInt16:
      return std::in_range<uint16_t>(value);
    case ColumnType::UInt32:
      return std::in_range<uint32_t>(value);
    case ColumnType::UInt64:
      return value >= 0;
    default:
      return false;
  }
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
  return type != ColumnType::UInt64 && fits(0, type);
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

/// One statement over one table.
class Execution {
 public:
  Execution(const PointStatement& statement, const MutableTableDefinition& table, StoreTransaction& store)
      : statement_(statement), table_(table), store_(store) {}

  std::shared_ptr<arrow::Table> run() {
    if (!find_key()) return nullptr;
    switch (statement_.verb) {
      case Verb::Select:
        return select();
      case Verb::Update:
        return update();
      case Verb::Delete:
        return count_table({static_cast<uint64_t>(store_.remove(table_)->write(key_cells()))});
    }
    return nullptr;
  }

 private:
  /// False unless the statement's key is the primary key.
  bool find_key() {
    if (statement_.key.size() != table_.primary_key.size()) return false;
    for (const std::string& name : table_.primary_key) {
      const auto named = std::ranges::find(statement_.key, name, [](const auto& pair) { return pair.first; });
      const std::optional<size_t> column = position_of(table_, name);
      if (named == statement_.key.end() || !column) return false;
      std::optional<OwnedCell> cell = cell_of(named->second, table_.columns[*column]);
      if (!cell) return false;
      key_.push_back({.column = *column, .test = Condition::Test::Equal, .operands = {*std::move(cell)}});
    }
    return true;
  }

  std::vector<Cell> key_cells() const {
    std::vector<Cell> cells;
    for (const Condition& condition : key_) cells.push_back(borrowed(condition.operands.front()));
    return cells;
  }

  std::shared_ptr<arrow::Table> select() {
    std::vector<size_t> positions;
    for (const std::string& name : statement_.columns) {
      const std::optional<size_t> position = position_of(table_, name);
      if (!position || std::ranges::contains(positions, *position)) return nullptr;
      positions.push_back(*position);
    }
    if (positions.empty()) positions.assign_range(std::views::iota(size_t{0}, table_.columns.size()));
    std::vector<MutableColumn> columns;
    for (const size_t position : positions) columns.push_back(table_.columns[position]);
    for (MutableColumn& column : columns) column.is_nullable = true;  // as in all results of queries
    ArrowRows rows(columns);
    const auto cursor = store_.scan(table_, positions, key_);
    while (cursor->next()) rows.append(*cursor);
    return value_or_throw(arrow::Table::FromRecordBatches(rows.schema(), {rows.finish()}));
  }

  /// A new value of a column: `value`, or what the column `addend` holds and the integer `value`, added.
  struct Change {
    size_t column;
    std::optional<size_t> addend;
    OwnedCell value;
  };

  std::optional<Change> change_of(const PointStatement::Assignment& assignment) const {
    if (std::ranges::contains(table_.primary_key, assignment.column)) return std::nullopt;
    const std::optional<size_t> column = position_of(table_, assignment.column);
    if (!column) return std::nullopt;
    const MutableColumn& definition = table_.columns[*column];
    if (assignment.addend.empty()) {
      std::optional<OwnedCell> value = cell_of(assignment.value, definition);
      if (!value) return std::nullopt;
      return Change{.column = *column, .addend = std::nullopt, .value = *std::move(value)};
    }
    const std::optional<size_t> addend = position_of(table_, assignment.addend);
    if (!addend || table_.columns[*addend].type != definition.type || !is_summed(definition.type)) {
      return std::nullopt;
    }
    return Change{.column = *column, .addend = addend, .value = std::get<int64_t>(assignment.value)};
  }

  std::optional<std::vector<Change>> changes() const {
    std::vector<Change> changes;
    for (const PointStatement::Assignment& assignment : statement_.assignments) {
      std::optional<Change> change = change_of(assignment);
      if (!change || std::ranges::contains(changes, change->column, &Change::column)) return std::nullopt;
      changes.push_back(*std::move(change));
    }
    return changes;
  }

  std::shared_ptr<arrow::Table> update() {
    std::optional<std::vector<Change>> changes = this->changes();
    if (!changes) return nullptr;
    std::vector<size_t> addends;
    for (const Change& change : *changes) {
      if (change.addend) addends.push_back(*change.addend);
    }
    if (!addends.empty()) {
      const auto row = store_.scan(table_, addends, key_);
      if (!row->next()) return count_table({0});
      size_t position = 0;
      for (Change& change : *changes) {
        if (!change.addend) continue;
        std::optional<OwnedCell> sum =
            sum_of(row->cell(position++), std::get<int64_t>(change.value), table_.columns[change.column]);
        if (!sum) return nullptr;
        change.value = *std::move(sum);
      }
    }
    std::vector<size_t> columns;
    std::vector<Cell> cells;
    for (const Change& change : *changes) {
      columns.push_back(change.column);
      cells.push_back(borrowed(change.value));
    }
    cells.append_range(key_cells());
    return count_table({static_cast<uint64_t>(store_.update(table_, columns)->write(cells))});
  }

  const PointStatement& statement_;
  const MutableTableDefinition& table_;
  StoreTransaction& store_;
  std::vector<Condition> key_;
};

}  // namespace

std::shared_ptr<arrow::Table> run_point_statement(const PointStatement& statement, StoreTransaction& store) {
  const std::optional<MutableTableDefinition> table = store.find(statement.table);
  return table ? Execution(statement, *table, store).run() : nullptr;
}

}  // namespace jammi::sql
