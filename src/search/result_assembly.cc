#include "search/result_assembly.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <jammi/database.h>

#include <string>
#include <utility>

#include "search/search_plan.h"

namespace jammi::search {
namespace {

std::shared_ptr<arrow::Array> finish(arrow::ArrayBuilder& builder) {
  std::shared_ptr<arrow::Array> array;
  throw_if_error(builder.Finish(&array));
  return array;
}

/// `num_rows` times the same list of channel names.
std::shared_ptr<arrow::Array> repeat_channels(const std::vector<std::string>& channels, int64_t num_rows) {
  auto names = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), names);
  for (int64_t row = 0; row < num_rows; ++row) {
    throw_if_error(lists.Append());
    throw_if_error(names->AppendValues(channels));
  }
  return finish(lists);
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

std::shared_ptr<arrow::Table> neighbors_table(const std::vector<index::Neighbor>& neighbors) {
  arrow::StringBuilder row_ids;
  arrow::FloatBuilder similarities;
  arrow::Int64Builder ranks;
  for (size_t rank = 0; rank < neighbors.size(); ++rank) {
    throw_if_error(row_ids.Append(neighbors[rank].row_id));
    throw_if_error(similarities.Append(neighbors[rank].similarity));
    throw_if_error(ranks.Append(static_cast<int64_t>(rank)));
  }
  auto schema = arrow::schema({arrow::field("_row_id", arrow::utf8()), arrow::field("similarity", arrow::float32()),
                               arrow::field(kRankColumn, arrow::int64())});
  return arrow::Table::Make(schema, {finish(row_ids), finish(similarities), finish(ranks)});
}

std::shared_ptr<arrow::Table> add_provenance(const std::shared_ptr<arrow::Table>& rows) {
  std::shared_ptr<arrow::Table> table = rows;
  const int similarity = rows->schema()->GetFieldIndex("similarity");
  if (similarity >= 0) {
    auto body = rows->RemoveColumn(similarity);
    throw_if_error(body.status());
    table = body.ValueUnsafe();
  }
  table = append_channels(*table, "retrieved_by", {"vector"});
  table = append_channels(*table, "annotated_by", {});
  if (similarity >= 0) table = append_column(*table, rows->field(similarity), rows->column(similarity));
  return table;
}

}  // namespace jammi::search
