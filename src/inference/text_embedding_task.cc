#include "inference/text_embedding_task.h"

#include <utility>

#include <arrow/array.h>
#include <arrow/type.h>

#include "inference/vector_column.h"

namespace jammi::inference {
namespace {

class TextEmbeddingTask final : public TextTask {
 public:
  explicit TextEmbeddingTask(const std::shared_ptr<const model::TextModel>& model)
      : TextTask(model), dimensions_(model->row_width()) {}

  ModelTask kind() const noexcept override { return ModelTask::TextEmbedding; }
  arrow::FieldVector columns() const override { return {arrow::field("vector", vector_type(dimensions_))}; }

 private:
  arrow::ArrayVector make_columns(TextModelOutput& output) const override {
    return {vector_column(output.rows, std::move(output.values), dimensions_)};
  }

  const size_t dimensions_;
};

}  // namespace

std::shared_ptr<const TextTask> make_text_embedding_task(
    const std::shared_ptr<const model::TextModel>& model) {
  return std::make_shared<TextEmbeddingTask>(model);
}

}  // namespace jammi::inference
