#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <arrow/type_fwd.h>

namespace jammi::inference {

/// The type of a task's vectors: a fixed-size list of float32.
std::shared_ptr<arrow::DataType> vector_type(size_t dimensions);

/// `vectors` ([rows, dimensions], row-major) as a column of that type, null where `is_ok` is false.
std::shared_ptr<arrow::Array> vector_column(const std::vector<bool>& is_ok, std::vector<float> vectors,
                                            size_t dimensions);

/// The same, null where a row has an error.
template <typename Row>
std::shared_ptr<arrow::Array> vector_column(const std::vector<Row>& rows, std::vector<float> vectors,
                                            size_t dimensions) {
  std::vector<bool> is_ok;
  for (const Row& row : rows) is_ok.push_back(row.is_ok());
  return vector_column(is_ok, std::move(vectors), dimensions);
}

}  // namespace jammi::inference
