#include "embedding/text_embedding_job.h"

#include <algorithm>
#include <utility>

#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>

#include <jammi/error.h>

#include "embedding/source_rows.h"
#include "index/sidecar_writer.h"
#include "inference/inference_reader.h"
#include "inference/progress_meter.h"
#include "inference/text_embedding_task.h"
#include "inference/text_model_stream.h"
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

storage::TableDefinition define_table(const model::TextEmbedder& embedder,
                                      const inference::TextInput& input) {
  const model::ModelIdentity& identity = embedder.identity();
  storage::TableDefinition definition;
  definition.source_id = input.source;
  definition.task = ModelTask::TextEmbedding;
  definition.dimensions = static_cast<uint32_t>(embedder.dimensions());
  definition.key_column = input.key;
  definition.text_columns = input.columns;
  definition.model = {.id = embedder.model_id(),
                      .digest = identity.digest,
                      .tokenizer_digest = identity.tokenizer_digest,
                      .pooling = std::string(nn::to_string(embedder.pooling())),
                      .precision = std::string(nn::to_string(embedder.precision()))};
  return definition;
}

void show(const inference::ObserverList& observers,
          const std::shared_ptr<const model::TextEmbedder>& embedder, const std::string& source,
          const inference::TextModelOutput& embedded) {
  if (observers.empty()) return;
  const auto task = inference::make_text_embedding_task(embedder);
  const inference::TaskOutput output = task->finish(embedded);
  observers.notify(inference::inference_batch(*task, source, output),
                   {task->model_id(), task->kind(), output.latency_ms});
}

/// Removes the rows that have no vector. Returns how many there were.
uint64_t drop_failed_rows(inference::TextModelOutput& embedded, size_t width,
                          std::vector<std::string>& row_ids) {
  row_ids.clear();
  size_t kept = 0;
  for (size_t row = 0; row < embedded.rows.size(); ++row) {
    if (!embedded.rows[row].is_ok()) continue;
    if (kept != row) std::copy_n(&embedded.values[row * width], width, &embedded.values[kept * width]);
    row_ids.push_back(std::move(embedded.rows[row].row_id));
    ++kept;
  }
  embedded.values.resize(kept * width);
  return embedded.rows.size() - kept;
}

}  // namespace

EmbeddingSummary run_text_embedding_job(Database& database,
                                        std::shared_ptr<const model::TextEmbedder> embedder,
                                        const inference::TextInput& input,
                                        const inference::ObserverList& observers,
                                        const EmbeddingOptions& options) {
  const TableDescription table = inference::describe_table(database, input);
  const std::string table_path = sql::quote_path({input.source, "public", table.name});

  EmbeddingSummary summary;
  summary.precision = nn::to_string(embedder->precision());
  summary.duplicate_keys = count_duplicate_keys(database, table_path, input);
  inference::ProgressMeter meter(options.progress, database.count_rows(input.source, table.name));

  const std::string query = inference::text_query(inference::text_of(input.key), input.columns, table_path);
  const std::string fingerprint = database.source_fingerprint(input.source);
  const size_t threads = database.config().engine.execution_threads;
  const storage::TableDefinition definition = define_table(*embedder, input);
  std::unique_ptr<storage::ResultTableWriter> writer = database.results().create(definition);
  index::SidecarWriter sidecars(database.results(), writer->table().table_name, definition, threads);
  inference::TextModelStream stream(embedder, inference::TextRowReader(database.sql(query, options.stop)),
                                    {.num_threads = threads}, options.stop);

  std::vector<std::string> row_ids;
  std::vector<bool> has_vector;  // one bit for each row of the source
  while (std::optional<inference::TextModelOutput> embedded = stream.next()) {
    show(observers, embedder, input.source, *embedded);
    const uint64_t num_rows = embedded->rows.size();
    for (const inference::TextRow& row : embedded->rows) has_vector.push_back(row.is_ok());
    const uint64_t num_failed = drop_failed_rows(*embedded, embedder->dimensions(), row_ids);
    writer->append(row_ids, embedded->values);
    sidecars.add(row_ids, embedded->values);
    summary.rows_failed += num_failed;
    summary.tokens += embedded->num_tokens;
    meter.advance(num_rows, num_failed, embedded->num_tokens);
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
