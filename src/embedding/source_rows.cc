#include "embedding/source_rows.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <arrow/record_batch.h>

#include "sql/quoting.h"
#include "storage/result_store.h"
#include "storage/row_store.h"

namespace jammi::embedding {
namespace {

/// Appends the runs of rows of `batch` that have a vector. `first` is the batch's position in the source.
void append_rows(storage::RowStoreWriter& writer, const arrow::RecordBatch& batch,
                 const std::vector<bool>& has_vector, size_t first) {
  const int64_t end = std::min(batch.num_rows(), static_cast<int64_t>(has_vector.size() - first));
  int64_t run_begin = 0;
  for (int64_t row = 0; row <= end; ++row) {
    if (row < end && has_vector[first + static_cast<size_t>(row)]) continue;
    if (row > run_begin) writer.append(batch.Slice(run_begin, row - run_begin));
    run_begin = row + 1;
  }
}

}  // namespace

void write_source_rows(Database& database, const ResultTableRecord& table, const std::string& source_table,
                       const std::vector<bool>& has_vector, const std::string& fingerprint,
                       std::stop_token stop) {
  auto reader = database.sql("SELECT * FROM " + sql::quote_path({table.source_id, "public", source_table}),
                             std::move(stop));
  storage::ResultStore& store = database.results();
  storage::RowStoreWriter writer(store.files(),
                                 store.file_path(table.table_name, storage::kRowStoreExtension),
                                 reader->schema(), fingerprint);
  size_t num_read = 0;
  std::shared_ptr<arrow::RecordBatch> batch;
  while (throw_if_error(reader->ReadNext(&batch)), batch != nullptr) {
    if (num_read < has_vector.size()) append_rows(writer, *batch, has_vector, num_read);
    num_read += static_cast<size_t>(batch->num_rows());
  }
  if (num_read == has_vector.size() && database.source_fingerprint(table.source_id) == fingerprint)
    writer.finish();
}

}  // namespace jammi::embedding
