#include "sql/mutable_scan.h"

#include <utility>

#include <duckdb/main/client_context.hpp>
#include <duckdb/planner/operator/logical_get.hpp>

#include "sql/cells.h"
#include "sql/errors.h"
#include "sql/mutable_filters.h"
#include "sql/tenant_rule.h"

namespace jammi::sql {
namespace {

struct ScanData final : duckdb::TableFunctionData {
  explicit ScanData(MutableTable& scanned) : table(scanned) {}

  duckdb::unique_ptr<duckdb::FunctionData> Copy() const override {
    auto copy = duckdb::make_uniq<ScanData>(table);
    copy->conditions = conditions;
    return copy;
  }
  bool Equals(const duckdb::FunctionData& other) const override {
    const auto& data = other.Cast<ScanData>();
    return &table == &data.table && conditions == data.conditions;
  }
  bool SupportStatementCache() const override { return false; }

  MutableTable& table;
  std::vector<Condition> conditions;
};

class ScanState final : public duckdb::GlobalTableFunctionState {
 public:
  ScanState(std::shared_ptr<OpenStore> store, const ScanData& data,
            const duckdb::vector<duckdb::column_t>& columns)
      : store_(std::move(store)) {
    std::vector<size_t> wanted;
    for (duckdb::column_t column : columns) {
      const std::optional<size_t> position = data.table.position_of(column);
      if (position) wanted.push_back(*position);
      has_value_.push_back(position.has_value());
    }
    std::lock_guard lock(store_->mutex);
    cursor_ = store_->transaction->scan(data.table.definition(), wanted, data.conditions);
  }

  ~ScanState() override {
    std::lock_guard lock(store_->mutex);
    cursor_.reset();
  }

  void fill(duckdb::DataChunk& chunk) {
    std::lock_guard lock(store_->mutex);
    size_t row = 0;
    while (cursor_ != nullptr && row < STANDARD_VECTOR_SIZE) {
      if (!cursor_->next()) {
        cursor_.reset();
        break;
      }
      size_t position = 0;
      for (size_t i = 0; i < chunk.ColumnCount(); ++i) {
        put_cell(has_value_[i] ? cursor_->cell(position++) : Cell(), chunk.data[i], row);
      }
      ++row;
    }
    chunk.SetChildCardinality(row);
  }

 private:
  std::shared_ptr<OpenStore> store_;
  std::unique_ptr<RowCursor> cursor_;  // null at the end
  std::vector<bool> has_value_;
};

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> init(duckdb::ClientContext& context,
                                                          duckdb::TableFunctionInitInput& input) {
  const auto& data = input.bind_data->Cast<ScanData>();
  auto store = open_store(context, data.table.catalog);
  return inside_duckdb(
      [&] { return duckdb::make_uniq<ScanState>(std::move(store), data, input.column_ids); });
}

void scan(duckdb::ClientContext&, duckdb::TableFunctionInput& input, duckdb::DataChunk& chunk) {
  inside_duckdb([&] { input.global_state->Cast<ScanState>().fill(chunk); });
}

void push_filters(duckdb::ClientContext&, duckdb::LogicalGet& get, duckdb::FunctionData* bind_data,
                  duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& filters) {
  auto& data = bind_data->Cast<ScanData>();
  std::erase_if(filters, [&](const auto& filter) {
    const std::vector<Condition> conditions = to_conditions(data.table, get, *filter);
    data.conditions.insert(data.conditions.end(), conditions.begin(), conditions.end());
    return !conditions.empty();
  });
}

duckdb::InsertionOrderPreservingMap<duckdb::string> describe(duckdb::TableFunctionToStringInput& input) {
  const auto& data = input.bind_data->Cast<ScanData>();
  duckdb::InsertionOrderPreservingMap<duckdb::string> shown;
  shown["Table"] = data.table.definition().id;
  for (const Condition& condition : data.conditions) {
    std::string& columns = shown["Filtered by the store on"];
    columns += (columns.empty() ? "" : "\n") + data.table.definition().columns[condition.column].name;
  }
  return shown;
}

}  // namespace

duckdb::TableFunction mutable_scan(duckdb::ClientContext& context, MutableTable& table,
                                   duckdb::unique_ptr<duckdb::FunctionData>& bind_data) {
  bind_data = duckdb::make_uniq<ScanData>(table);
  // The store gives no rows but those of the scope.
  note_scan(context, *bind_data, {.table = table.definition().id, .tenant_column = std::nullopt});
  duckdb::TableFunction function(duckdb::Identifier("mutable_scan"), {}, scan, nullptr, init);
  function.projection_pushdown = true;
  function.pushdown_complex_filter = push_filters;
  function.to_string = describe;
  function.get_table_entry = [](duckdb::optional_ptr<const duckdb::FunctionData> data)
      -> duckdb::optional_ptr<duckdb::TableCatalogEntry> { return &data->Cast<ScanData>().table; };
  function.get_virtual_columns = [](duckdb::ClientContext&, duckdb::optional_ptr<duckdb::FunctionData> data) {
    return data->Cast<ScanData>().table.GetVirtualColumns();
  };
  function.get_row_id_columns = [](duckdb::ClientContext&, duckdb::optional_ptr<duckdb::FunctionData> data) {
    return data->Cast<ScanData>().table.GetRowIdColumns();
  };
  return function;
}

}  // namespace jammi::sql
