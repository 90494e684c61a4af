#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace jammi::numerics {

struct DotAndNorm {
  float dot;
  float squared_norm;
};

/// The inner loops of vector_ops.h for one instruction set; `n` counts elements. Pointers need no alignment.
struct VectorKernels {
  std::string_view instruction_set;
  float (*dot)(const float* a, const float* b, size_t n);
  /// a·b and b·b in one pass over b.
  DotAndNorm (*dot_and_norm)(const float* a, const float* b, size_t n);
  float (*dot_half)(const uint16_t* a, const uint16_t* b, size_t n);
  void (*to_half)(const float* in, uint16_t* out, size_t n);
  void (*to_float)(const uint16_t* in, float* out, size_t n);
};

/// The kernels the running CPU can execute, best first.
std::vector<const VectorKernels*> supported_kernels();

}  // namespace jammi::numerics
