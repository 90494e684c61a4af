#include "inference/text_embedding_task.h"

#include <utility>

#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

namespace jammi::inference {
namespace {

class TextEmbeddingTask final : public TextTask {
 public:
  explicit TextEmbeddingTask(const std::shared_ptr<const model::TextEmbedder>& embedder)
      : TextTask(embedder),
        type_(arrow::fixed_size_list(arrow::field("item", arrow::float32()),
                                     static_cast<int32_t>(embedder->dimensions()))) {}

  ModelTask kind() const noexcept override { return ModelTask::TextEmbedding; }
  arrow::FieldVector columns() const override { return {arrow::field("vector", type_)}; }

 private:
  arrow::ArrayVector make_columns(TextModelOutput& output) const override {
    const auto num_rows = static_cast<int64_t>(output.rows.size());
    std::vector<uint8_t> validity(static_cast<size_t>(arrow::bit_util::BytesForBits(num_rows)));
    int64_t num_nulls = 0;
    for (size_t row = 0; row < output.rows.size(); ++row) {
      if (output.rows[row].is_ok()) {
        arrow::bit_util::SetBit(validity.data(), static_cast<int64_t>(row));
      } else {
        ++num_nulls;
      }
    }
    const auto num_values = static_cast<int64_t>(output.values.size());
    auto values =
        std::make_shared<arrow::FloatArray>(num_values, arrow::Buffer::FromVector(std::move(output.values)));
    return {std::make_shared<arrow::FixedSizeListArray>(
        type_, num_rows, std::move(values),
        num_nulls == 0 ? nullptr : arrow::Buffer::FromVector(std::move(validity)), num_nulls)};
  }

  const std::shared_ptr<arrow::DataType> type_;
};

}  // namespace

std::shared_ptr<const TextTask> make_text_embedding_task(
    const std::shared_ptr<const model::TextEmbedder>& embedder) {
  return std::make_shared<TextEmbeddingTask>(embedder);
}

}  // namespace jammi::inference
