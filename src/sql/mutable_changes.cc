#include "sql/mutable_changes.h"

#include <numeric>
#include <set>
#include <utility>

#include <duckdb/common/types/column/column_data_collection.hpp>
#include <duckdb/execution/physical_operator.hpp>
#include <duckdb/main/client_context.hpp>
#include <duckdb/planner/expression/bound_reference_expression.hpp>

#include "sql/cells.h"
#include "sql/errors.h"
#include "sql/mutable_catalog.h"

namespace jammi::sql {
namespace {

struct GatheredRows final : duckdb::GlobalSinkState {
  GatheredRows(duckdb::ClientContext& context, const duckdb::vector<duckdb::LogicalType>& types)
      : rows(context, types) {}

  duckdb::ColumnDataCollection rows;
  int64_t num_changed = 0;
};

struct ReturnState final : duckdb::GlobalSourceState {
  duckdb::ColumnDataScanState scan;
  duckdb::DataChunk chunk;
};

class ChangeOperator : public duckdb::PhysicalOperator {
 public:
  /// `returned` are the columns of the gathered rows that RETURNING gives, empty without it.
  ChangeOperator(duckdb::PhysicalPlan& plan, const duckdb::LogicalOperator& op, const MutableTable& table,
                 std::vector<size_t> returned)
      : PhysicalOperator(plan, duckdb::PhysicalOperatorType::EXTENSION, op.types, op.estimated_cardinality),
        table_(table),
        returned_(std::move(returned)) {}

  duckdb::InsertionOrderPreservingMap<duckdb::string> ParamsToString() const override {
    duckdb::InsertionOrderPreservingMap<duckdb::string> shown;
    shown["Table"] = table_.definition().id;
    return shown;
  }

  bool IsSink() const override { return true; }
  bool SinkOrderDependent() const override { return true; }

  duckdb::unique_ptr<duckdb::GlobalSinkState> GetGlobalSinkState(
      duckdb::ClientContext& context) const override {
    return duckdb::make_uniq<GatheredRows>(context, children[0].get().GetTypes());
  }

  duckdb::SinkResultType Sink(duckdb::ExecutionContext&, duckdb::DataChunk& chunk,
                              duckdb::OperatorSinkInput& input) const override {
    input.global_state.Cast<GatheredRows>().rows.Append(chunk);
    return duckdb::SinkResultType::NEED_MORE_INPUT;
  }

  duckdb::SinkFinalizeType Finalize(duckdb::Pipeline&, duckdb::Event&, duckdb::ClientContext& context,
                                    duckdb::OperatorSinkFinalizeInput& input) const override {
    auto& gathered = input.global_state.Cast<GatheredRows>();
    const auto store = open_store(context, table_.catalog);
    inside_duckdb([&] {
      std::lock_guard guard(store->mutex);
      gathered.num_changed = change(context, *store->transaction, gathered.rows);
    });
    return duckdb::SinkFinalizeType::READY;
  }

  bool IsSource() const override { return true; }

  duckdb::unique_ptr<duckdb::GlobalSourceState> GetGlobalSourceState(duckdb::ClientContext&) const override {
    auto state = duckdb::make_uniq<ReturnState>();
    const auto& gathered = sink_state->Cast<GatheredRows>();
    gathered.rows.InitializeScan(state->scan);
    gathered.rows.InitializeScanChunk(state->scan, state->chunk);
    return state;
  }

  duckdb::SourceResultType GetDataInternal(duckdb::ExecutionContext&, duckdb::DataChunk& out,
                                           duckdb::OperatorSourceInput& input) const override {
    const auto& gathered = sink_state->Cast<GatheredRows>();
    if (returned_.empty()) {
      out.data[0].SetValue(0, duckdb::Value::BIGINT(gathered.num_changed));
      out.SetChildCardinality(1);
      return duckdb::SourceResultType::FINISHED;
    }
    auto& state = input.global_state.Cast<ReturnState>();
    if (!gathered.rows.Scan(state.scan, state.chunk)) return duckdb::SourceResultType::FINISHED;
    for (size_t i = 0; i < returned_.size(); ++i) out.data[i].Reference(state.chunk.data[returned_[i]]);
    // A DELETE has columns for the virtual ones behind those of the table; RETURNING * leaves them out.
    for (size_t i = returned_.size(); i < out.ColumnCount(); ++i) {
      out.data[i].Reference(duckdb::Value(out.data[i].GetType()), duckdb::count_t(state.chunk.size()));
    }
    out.CheckCardinality(state.chunk.size());
    return duckdb::SourceResultType::HAVE_MORE_OUTPUT;
  }

 protected:
  /// Makes the changes that `rows` ask for; the number of changed rows.
  virtual int64_t change(duckdb::ClientContext& context, StoreTransaction& store,
                         const duckdb::ColumnDataCollection& rows) const = 0;

  const MutableTableDefinition& definition() const { return table_.definition(); }
  bool returns_rows() const { return !returned_.empty(); }

  /// Gives `writer` the `columns` of every row.
  static int64_t write_all(duckdb::ClientContext& context, RowWriter& writer,
                           const duckdb::ColumnDataCollection& rows, const std::vector<size_t>& columns) {
    int64_t num_changed = 0;
    for_each_row(context, rows, columns,
                 [&](std::span<const Cell> cells) { num_changed += writer.write(cells); });
    writer.finish();
    return num_changed;
  }

  template <typename Visit>
  static void for_each_row(duckdb::ClientContext& context, const duckdb::ColumnDataCollection& rows,
                           const std::vector<size_t>& columns, Visit&& visit) {
    for (duckdb::DataChunk& chunk : rows.Chunks()) {
      context.InterruptCheck();
      ChunkRows cells(chunk, columns);
      for (size_t row = 0; row < cells.num_rows(); ++row) visit(cells.row(row));
    }
  }

 private:
  const MutableTable& table_;
  const std::vector<size_t> returned_;
};

std::vector<size_t> first_columns(size_t count) {
  std::vector<size_t> columns(count);
  std::iota(columns.begin(), columns.end(), 0);
  return columns;
}

class InsertOperator final : public ChangeOperator {
 public:
  using ChangeOperator::ChangeOperator;

  duckdb::string GetName() const override { return "MUTABLE_INSERT"; }

 private:
  int64_t change(duckdb::ClientContext& context, StoreTransaction& store,
                 const duckdb::ColumnDataCollection& rows) const override {
    const auto writer = store.insert(definition());
    return write_all(context, *writer, rows, first_columns(definition().columns.size()));
  }
};

class DeleteOperator final : public ChangeOperator {
 public:
  DeleteOperator(duckdb::PhysicalPlan& plan, const duckdb::LogicalOperator& op, const MutableTable& table,
                 std::vector<size_t> returned, std::vector<size_t> key)
      : ChangeOperator(plan, op, table, std::move(returned)), key_(std::move(key)) {}

  duckdb::string GetName() const override { return "MUTABLE_DELETE"; }

 private:
  int64_t change(duckdb::ClientContext& context, StoreTransaction& store,
                 const duckdb::ColumnDataCollection& rows) const override {
    const auto writer = store.remove(definition());
    return write_all(context, *writer, rows, key_);
  }

  const std::vector<size_t> key_;  // columns of the gathered rows
};

/// What an UPDATE does to a row: columns of the gathered rows hold the new values and the key.
struct UpdateLayout {
  std::vector<size_t> columns;  ///< positions in the definition
  std::vector<size_t> values;   ///< for each of `columns`
  std::vector<size_t> key;
  bool moves_rows = false;       ///< changes a unique column; `columns` are then all
  bool can_repeat_rows = false;  ///< several gathered rows may be of one row: the first one counts
};

class UpdateOperator final : public ChangeOperator {
 public:
  UpdateOperator(duckdb::PhysicalPlan& plan, const duckdb::LogicalOperator& op, const MutableTable& table,
                 std::vector<size_t> returned, UpdateLayout layout)
      : ChangeOperator(plan, op, table, std::move(returned)), layout_(std::move(layout)) {}

  duckdb::string GetName() const override { return "MUTABLE_UPDATE"; }

 private:
  using Key = std::vector<OwnedCell>;

  int64_t change(duckdb::ClientContext& context, StoreTransaction& store,
                 const duckdb::ColumnDataCollection& rows) const override {
    return layout_.moves_rows ? move(context, store, rows) : update(context, store, rows);
  }

  int64_t update(duckdb::ClientContext& context, StoreTransaction& store,
                 const duckdb::ColumnDataCollection& rows) const {
    std::vector<size_t> columns = layout_.values;
    columns.insert(columns.end(), layout_.key.begin(), layout_.key.end());
    const auto writer = store.update(definition(), layout_.columns);
    std::set<Key> seen;
    int64_t num_changed = 0;
    for_each_row(context, rows, columns, [&](std::span<const Cell> cells) {
      if (is_first(seen, cells.subspan(layout_.values.size()))) num_changed += writer->write(cells);
    });
    return num_changed;
  }

  // Rows that change places (SET id = id + 1) collide when they are updated one after the other: all leave
  // before the first comes back.
  int64_t move(duckdb::ClientContext& context, StoreTransaction& store,
               const duckdb::ColumnDataCollection& rows) const {
    std::vector<size_t> columns = layout_.key;
    columns.resize(layout_.key.size() + definition().columns.size());
    for (size_t i = 0; i < layout_.columns.size(); ++i) {
      columns[layout_.key.size() + layout_.columns[i]] = layout_.values[i];
    }
    std::set<Key> seen;
    std::vector<bool> is_moved;
    const auto remover = store.remove(definition());
    for_each_row(context, rows, layout_.key, [&](std::span<const Cell> key) {
      is_moved.push_back(is_first(seen, key) && remover->write(key) > 0);
    });
    const auto inserter = store.insert(definition());
    int64_t num_changed = 0;
    size_t position = 0;
    for_each_row(context, rows, columns, [&](std::span<const Cell> cells) {
      if (is_moved[position++]) num_changed += inserter->write(cells.subspan(layout_.key.size()));
    });
    inserter->finish();
    return num_changed;
  }

  bool is_first(std::set<Key>& seen, std::span<const Cell> key) const {
    if (!layout_.can_repeat_rows) return true;
    Key owned;
    for (const Cell& cell : key) {
      owned.push_back(std::visit(
          [](const auto& value) -> OwnedCell {
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string_view>) {
              return std::string(value);
            } else {
              return value;
            }
          },
          cell));
    }
    const bool is_new = seen.insert(std::move(owned)).second;
    if (!is_new && returns_rows()) {
      throw Error(ErrorCode::Unsupported, ErrorCategory::Sql,
                  "UPDATE ... FROM ... RETURNING matched a row twice; make the join unique");
    }
    return is_new;
  }

  const UpdateLayout layout_;
};

/// DML runs in an explicit transaction, which the engine starts; what is not in one hides in a query.
void require_statement(duckdb::ClientContext& context) {
  if (!context.transaction.IsAutoCommit()) return;
  throw duckdb::NotImplementedException(
      "INSERT, UPDATE, DELETE and MERGE must be statements of their own, not part of a query");
}

size_t input_of(const duckdb::Expression& expression) {
  return expression.Cast<duckdb::BoundReferenceExpression>().Index();
}

}  // namespace

duckdb::PhysicalOperator& plan_insert(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                      duckdb::LogicalInsert& op, duckdb::PhysicalOperator& rows) {
  require_statement(context);
  const auto& table = static_cast<const MutableTable&>(op.table);
  if (op.on_conflict_info.action_type != duckdb::OnConflictAction::THROW) {
    throw duckdb::NotImplementedException("ON CONFLICT on a mutable table: use MERGE INTO");
  }
  duckdb::PhysicalOperator& complete =
      op.column_index_map.empty() ? rows : planner.ResolveDefaultsProjection(op, rows);
  const size_t num_columns = table.definition().columns.size();
  auto& insert = planner.Make<InsertOperator>(
      op, table, op.return_chunk ? first_columns(num_columns) : std::vector<size_t>());
  insert.children.push_back(complete);
  return insert;
}

duckdb::PhysicalOperator& plan_update(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                      duckdb::LogicalUpdate& op, duckdb::PhysicalOperator& rows) {
  require_statement(context);
  const auto& table = static_cast<const MutableTable&>(op.table);
  UpdateLayout layout{.columns = {},
                      .values = {},
                      .key = {},
                      .moves_rows = op.update_is_del_and_insert,
                      .can_repeat_rows = op.row_id_handling != duckdb::RowIdHandling::ASSUME_UNIQUE};
  std::vector<size_t> returned(op.return_chunk ? table.definition().columns.size() : 0);
  for (size_t i = 0; i < op.columns.size(); ++i) {
    const size_t column = op.columns[i].index;
    layout.columns.push_back(column);
    layout.values.push_back(input_of(*op.expressions[i]));
    if (op.return_chunk) returned[column] = layout.values.back();
  }
  const size_t num_inputs = rows.GetTypes().size();
  for (size_t i = table.key().size(); i > 0; --i) layout.key.push_back(num_inputs - i);
  auto& update = planner.Make<UpdateOperator>(op, table, std::move(returned), std::move(layout));
  update.children.push_back(rows);
  return update;
}

duckdb::PhysicalOperator& plan_delete(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                      duckdb::LogicalDelete& op, duckdb::PhysicalOperator& rows) {
  require_statement(context);
  const auto& table = static_cast<const MutableTable&>(op.table);
  std::vector<size_t> key;
  for (const auto& expression : op.expressions) key.push_back(input_of(*expression));
  std::vector<size_t> returned;
  if (op.return_chunk) returned.assign(op.return_columns.begin(), op.return_columns.end());
  auto& remove = planner.Make<DeleteOperator>(op, table, std::move(returned), std::move(key));
  remove.children.push_back(rows);
  return remove;
}

}  // namespace jammi::sql
