#include "inference/text_embedding_task.h"

#include <utility>

#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

namespace jammi::inference {
namespace {

std::shared_ptr<arrow::DataType> vector_type(size_t dimensions) {
  return arrow::fixed_size_list(arrow::field("item", arrow::float32()), static_cast<int32_t>(dimensions));
}

std::shared_ptr<arrow::Array> vector_column(const std::vector<TextRow>& rows, std::vector<float> vectors,
                                            size_t dimensions) {
  const auto num_rows = static_cast<int64_t>(rows.size());
  std::vector<uint8_t> validity(static_cast<size_t>(arrow::bit_util::BytesForBits(num_rows)));
  int64_t num_nulls = 0;
  for (size_t row = 0; row < rows.size(); ++row) {
    if (rows[row].is_ok()) {
      arrow::bit_util::SetBit(validity.data(), static_cast<int64_t>(row));
    } else {
      ++num_nulls;
    }
  }
  const auto num_values = static_cast<int64_t>(vectors.size());
  auto values =
      std::make_shared<arrow::FloatArray>(num_values, arrow::Buffer::FromVector(std::move(vectors)));
  return std::make_shared<arrow::FixedSizeListArray>(
      vector_type(dimensions), num_rows, std::move(values),
      num_nulls == 0 ? nullptr : arrow::Buffer::FromVector(std::move(validity)), num_nulls);
}

RowOutcome outcome_of(TextRow& row) {
  RowOutcome outcome;
  if (row.error != kNullKeyError) outcome.row_id = std::move(row.row_id);
  outcome.error = std::move(row.error);
  return outcome;
}

class TextEmbeddingRun final : public TaskStream {
 public:
  TextEmbeddingRun(std::shared_ptr<const model::TextEmbedder> embedder,
                   std::shared_ptr<arrow::RecordBatchReader> rows, const StreamOptions& options,
                   std::stop_token stop)
      : dimensions_(embedder->dimensions()),
        stream_(std::move(embedder), TextRowReader(std::move(rows)), options, std::move(stop)) {}

  std::optional<TaskOutput> next() override {
    std::optional<EmbeddedRows> embedded = stream_.next();
    if (!embedded) return std::nullopt;
    return text_embedding_output(std::move(*embedded), dimensions_);
  }

 private:
  const size_t dimensions_;
  TextEmbeddingStream stream_;
};

class TextEmbeddingTask final : public Task {
 public:
  explicit TextEmbeddingTask(std::shared_ptr<const model::TextEmbedder> embedder)
      : embedder_(std::move(embedder)) {}

  ModelTask kind() const noexcept override { return ModelTask::TextEmbedding; }
  const std::string& model_id() const noexcept override { return embedder_->model_id(); }

  arrow::FieldVector columns() const override {
    return {arrow::field("vector", vector_type(embedder_->dimensions()))};
  }

  std::unique_ptr<TaskStream> run(std::shared_ptr<arrow::RecordBatchReader> rows,
                                  const StreamOptions& options, std::stop_token stop) const override {
    return std::make_unique<TextEmbeddingRun>(embedder_, std::move(rows), options, std::move(stop));
  }

 private:
  const std::shared_ptr<const model::TextEmbedder> embedder_;
};

}  // namespace

TaskOutput text_embedding_output(EmbeddedRows embedded, size_t dimensions) {
  TaskOutput output;
  output.columns = {vector_column(embedded.rows, std::move(embedded.vectors), dimensions)};
  for (TextRow& row : embedded.rows) output.rows.push_back(outcome_of(row));
  output.num_tokens = embedded.num_tokens;
  output.latency_ms = embedded.latency_ms;
  return output;
}

std::shared_ptr<const Task> make_text_embedding_task(std::shared_ptr<const model::TextEmbedder> embedder) {
  return std::make_shared<TextEmbeddingTask>(std::move(embedder));
}

}  // namespace jammi::inference
