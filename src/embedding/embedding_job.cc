#include "embedding/embedding_job.h"

#include <memory>
#include <optional>
#include <span>
#include <utility>

#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <jammi/error.h>

#include "catalog/tenant_scope.h"
#include "embedding/source_rows.h"
#include "index/sidecar_writer.h"
#include "inference/inference_reader.h"
#include "inference/progress_meter.h"
#include "sql/quoting.h"
#include "storage/result_store.h"

namespace jammi::embedding {
namespace {

uint64_t count_duplicate_keys(Database& database, const std::string& table_path,
                              const inference::TextInput& input) {
  const std::string key = inference::text_of(input.key);
  auto reader = database.sql("SELECT CAST(count(" + key + ") - count(DISTINCT " + key + ") AS BIGINT) FROM " +
                             table_path);
  std::shared_ptr<arrow::RecordBatch> batch;
  throw_if_error(reader->ReadNext(&batch));
  return static_cast<uint64_t>(static_cast<const arrow::Int64Array&>(*batch->column(0)).Value(0));
}

size_t dimensions_of(const inference::Task& task) {
  const auto& vector = static_cast<const arrow::FixedSizeListType&>(*task.columns().at(0)->type());
  return static_cast<size_t>(vector.list_size());
}

storage::TableDefinition define_table(const inference::Task& task, const model::ModelIdentity& model,
                                      const inference::TextInput& input) {
  storage::TableDefinition definition;
  definition.source_id = input.source;
  definition.task = task.kind();
  definition.dimensions = static_cast<uint32_t>(dimensions_of(task));
  definition.key_column = input.key;
  definition.text_columns = input.columns;
  definition.model = {.id = task.model_id(),
                      .digest = model.digest,
                      .tokenizer_digest = model.tokenizer_digest,
                      .pooling = model.pooling,
                      .precision = model.precision};
  return definition;
}

/// Rows that have a vector, in order.
struct StoredRows {
  std::vector<std::string> row_ids;
  std::span<const float> vectors;
  std::vector<float> selected;  ///< what `vectors` shows when rows were left out
};

StoredRows rows_to_store(const inference::TaskOutput& output, size_t width) {
  const auto& lists = static_cast<const arrow::FixedSizeListArray&>(*output.columns.at(0));
  const auto& values = static_cast<const arrow::FloatArray&>(*lists.values());
  StoredRows stored;
  stored.vectors = {values.raw_values(), output.rows.size() * width};
  for (const inference::RowOutcome& row : output.rows) {
    if (row.is_ok()) stored.row_ids.push_back(row.row_id.value());
  }
  if (stored.row_ids.size() == output.rows.size()) return stored;
  for (size_t row = 0; row < output.rows.size(); ++row) {
    if (output.rows[row].is_ok()) stored.selected.append_range(stored.vectors.subspan(row * width, width));
  }
  stored.vectors = stored.selected;
  return stored;
}

}  // namespace

EmbeddingSummary run_embedding_job(Database& database, const inference::Task& task,
                                   const model::ModelIdentity& model, const inference::TextInput& input,
                                   const inference::ObserverList& observers,
                                   const EmbeddingOptions& options) {
  const TableDescription table = inference::describe_table(database, input);
  const std::string table_path = sql::quote_path({input.source, "public", table.name});

  const std::string query =
      inference::content_query(task.content(), inference::text_of(input.key), input.columns, table_path);
  const storage::TableDefinition definition = define_table(task, model, input);
  EmbeddingSummary summary;
  summary.precision = definition.model.precision;
  summary.duplicate_keys = count_duplicate_keys(database, table_path, input);
  inference::ProgressMeter meter(options.progress, database.count_rows(input.source, table.name));

  const std::string fingerprint = database.source_fingerprint(input.source);
  const size_t threads = database.config().engine.execution_threads;
  const std::unique_ptr<inference::TaskStream> stream =
      task.run(database.sql(query, options.stop), {.num_threads = threads}, options.stop);
  std::unique_ptr<storage::ResultTableWriter> writer =
      database.results().create(definition, database.scope().tenant_id());
  index::SidecarWriter sidecars(database.results(), writer->table().table_name, definition, threads);

  std::vector<bool> has_vector;  // one bit for each row of the source
  while (const std::optional<inference::TaskOutput> output = stream->next()) {
    if (!observers.empty()) {
      observers.notify(inference::inference_batch(task, input.source, *output),
                       {task.model_id(), task.kind(), output->latency_ms});
    }
    for (const inference::RowOutcome& row : output->rows) has_vector.push_back(row.is_ok());
    const StoredRows stored = rows_to_store(*output, definition.dimensions);
    writer->append(stored.row_ids, stored.vectors);
    sidecars.add(stored.row_ids, stored.vectors);
    const uint64_t num_failed = output->rows.size() - stored.row_ids.size();
    summary.rows_failed += num_failed;
    summary.tokens += output->num_tokens;
    meter.advance(output->rows.size(), num_failed, output->num_tokens);
  }
  writer->seal();
  sidecars.finish();
  // Rows are shown by position, which cannot tell apart rows that share a key; those are looked up in the
  // source.
  if (!fingerprint.empty() && summary.duplicate_keys == 0) {
    write_source_rows(database, writer->table(), table.name, has_vector, fingerprint, options.stop);
  }
  summary.table = writer->finish();
  meter.finish();
  summary.elapsed_seconds = meter.elapsed_seconds();
  return summary;
}

}  // namespace jammi::embedding
