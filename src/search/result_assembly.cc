#include "search/result_assembly.h"

#include <string>
#include <utility>
#include <vector>

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_nested.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include <jammi/database.h>

#include "search/search_plan.h"

namespace jammi::search {
namespace {

/// `num_rows` times the same list of channel names.
std::shared_ptr<arrow::Array> repeat_channels(const std::vector<std::string>& channels, int64_t num_rows) {
  auto names = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), names);
  for (int64_t row = 0; row < num_rows; ++row) {
    throw_if_error(lists.Append());
    throw_if_error(names->AppendValues(channels));
  }
  return finish_array(lists);
}

std::shared_ptr<arrow::Table> without_column(const std::shared_ptr<arrow::Table>& table,
                                             const std::string& name) {
  const int position = table->schema()->GetFieldIndex(name);
  if (position < 0) return table;
  auto rest = table->RemoveColumn(position);
  throw_if_error(rest.status());
  return rest.ValueUnsafe();
}

std::shared_ptr<arrow::Table> append_column(const arrow::Table& table, std::shared_ptr<arrow::Field> field,
                                            std::shared_ptr<arrow::ChunkedArray> column) {
  auto appended = table.AddColumn(table.num_columns(), std::move(field), std::move(column));
  throw_if_error(appended.status());
  return appended.ValueUnsafe();
}

std::shared_ptr<arrow::Table> append_channels(const arrow::Table& table, const std::string& name,
                                              const std::vector<std::string>& channels) {
  auto type = arrow::list(arrow::field("item", arrow::utf8(), /*nullable=*/true));
  return append_column(table, arrow::field(name, type, /*nullable=*/false),
                       std::make_shared<arrow::ChunkedArray>(repeat_channels(channels, table.num_rows())));
}

}  // namespace

std::shared_ptr<arrow::Table> read_table(arrow::RecordBatchReader& reader) {
  arrow::RecordBatchVector batches;
  std::shared_ptr<arrow::RecordBatch> batch;
  while (true) {
    throw_if_error(reader.ReadNext(&batch));
    if (batch == nullptr) break;
    batches.push_back(std::move(batch));
  }
  auto table = arrow::Table::FromRecordBatches(reader.schema(), batches);
  throw_if_error(table.status());
  return table.ValueUnsafe();
}

std::shared_ptr<arrow::Array> finish_array(arrow::ArrayBuilder& builder) {
  std::shared_ptr<arrow::Array> array;
  throw_if_error(builder.Finish(&array));
  return array;
}

std::shared_ptr<arrow::Table> add_provenance(const std::shared_ptr<arrow::Table>& rows) {
  std::shared_ptr<arrow::Table> table = without_column(rows, kRankColumn);
  table = without_column(table, "similarity");
  table = append_channels(*table, "retrieved_by", {"vector"});
  table = append_channels(*table, "annotated_by", {});
  const int similarity = rows->schema()->GetFieldIndex("similarity");
  if (similarity >= 0) table = append_column(*table, rows->field(similarity), rows->column(similarity));
  return table;
}

}  // namespace jammi::search
