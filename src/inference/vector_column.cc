#include "inference/vector_column.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

namespace jammi::inference {

std::shared_ptr<arrow::DataType> vector_type(size_t dimensions) {
  return arrow::fixed_size_list(arrow::field("item", arrow::float32()), static_cast<int32_t>(dimensions));
}

std::shared_ptr<arrow::Array> vector_column(const std::vector<bool>& is_ok, std::vector<float> vectors,
                                            size_t dimensions) {
  const auto num_rows = static_cast<int64_t>(is_ok.size());
  const int64_t num_nulls = std::ranges::count(is_ok, false);
  std::vector<uint8_t> validity(static_cast<size_t>(arrow::bit_util::BytesForBits(num_rows)));
  for (int64_t row = 0; row < num_rows; ++row) {
    arrow::bit_util::SetBitTo(validity.data(), row, is_ok[static_cast<size_t>(row)]);
  }
  const auto num_values = static_cast<int64_t>(vectors.size());
  auto values =
      std::make_shared<arrow::FloatArray>(num_values, arrow::Buffer::FromVector(std::move(vectors)));
  return std::make_shared<arrow::FixedSizeListArray>(
      vector_type(dimensions), num_rows, std::move(values),
      num_nulls == 0 ? nullptr : arrow::Buffer::FromVector(std::move(validity)), num_nulls);
}

}  // namespace jammi::inference
