#include "inference/image_embedding_task.h"

#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "inference/image_embedding_stream.h"
#include "inference/text_rows.h"
#include "inference/vector_column.h"

namespace jammi::inference {
namespace {

class ImageTaskStream final : public TaskStream {
 public:
  ImageTaskStream(std::shared_ptr<const model::ImageModel> model, ImageRowReader rows,
                  const StreamOptions& options, std::stop_token stop)
      : dimensions_(model->dimensions()),
        stream_(std::move(model), std::move(rows), options, std::move(stop)) {}

  std::optional<TaskOutput> next() override {
    std::optional<EmbeddedImages> embedded = stream_.next();
    if (!embedded) return std::nullopt;
    TaskOutput output;
    output.columns = {vector_column(embedded->rows, std::move(embedded->vectors), dimensions_)};
    for (ImageRow& row : embedded->rows) {
      RowOutcome& outcome = output.rows.emplace_back();
      if (row.error != kNullKeyError) outcome.row_id = std::move(row.row_id);
      outcome.error = std::move(row.error);
    }
    output.num_tokens = embedded->num_tokens;
    output.latency_ms = embedded->latency_ms;
    return output;
  }

 private:
  const size_t dimensions_;
  ImageEmbeddingStream stream_;
};

class ImageEmbeddingTask final : public Task {
 public:
  explicit ImageEmbeddingTask(std::shared_ptr<const model::ImageModel> model) : model_(std::move(model)) {}

  ModelTask kind() const noexcept override { return ModelTask::ImageEmbedding; }
  Content content() const noexcept override { return Content::Image; }
  const std::string& model_id() const noexcept override { return model_->model_id(); }

  arrow::FieldVector columns() const override {
    return {arrow::field("vector", vector_type(model_->dimensions()))};
  }

  std::unique_ptr<TaskStream> run(std::shared_ptr<arrow::RecordBatchReader> rows,
                                  const StreamOptions& options, std::stop_token stop) const override {
    return std::make_unique<ImageTaskStream>(model_, ImageRowReader(std::move(rows)), options,
                                             std::move(stop));
  }

 private:
  const std::shared_ptr<const model::ImageModel> model_;
};

}  // namespace

std::shared_ptr<const Task> make_image_embedding_task(std::shared_ptr<const model::ImageModel> model) {
  return std::make_shared<ImageEmbeddingTask>(std::move(model));
}

}  // namespace jammi::inference
