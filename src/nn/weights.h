#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "nn/tensor_source.h"

namespace jammi::nn {

/// Reads the floating-point tensor `name` (F64, F32, F16 or BF16) as f32 values in row-major order. Throws
/// Model-category errors that name the tensor and its source: NotFound when it is absent, DataCorruption when
/// its shape is not `shape`, its type is not floating-point or its bytes do not fill its shape.
std::vector<float> read_weight(const TensorSource& source, const std::string& name,
                               std::initializer_list<int64_t> shape);

}  // namespace jammi::nn
