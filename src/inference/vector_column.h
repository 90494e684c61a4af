#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "inference/text_rows.h"

namespace jammi::inference {

/// The type of a task's vectors: a fixed-size list of float32.
std::shared_ptr<arrow::DataType> vector_type(size_t dimensions);

/// `vectors` ([rows, dimensions], row-major) as a column of that type, null where a row has an error.
std::shared_ptr<arrow::Array> vector_column(const std::vector<TextRow>& rows, std::vector<float> vectors,
                                            size_t dimensions);

}  // namespace jammi::inference
