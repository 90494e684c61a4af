#include "numerics/vector_ops.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "numerics/vector_kernels.h"

namespace jammi::numerics {

namespace generic {
extern const VectorKernels kVectorKernels;
}
#if defined(__x86_64__)
namespace avx2 {
extern const VectorKernels kVectorKernels;
}
namespace avx512 {
extern const VectorKernels kVectorKernels;
}
#endif

std::vector<const VectorKernels*> supported_kernels() {
  std::vector<const VectorKernels*> kernels;
#if defined(__x86_64__)
  const bool has_avx2 =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (has_avx2 && has_avx512) kernels.push_back(&avx512::kVectorKernels);
  if (has_avx2) kernels.push_back(&avx2::kVectorKernels);
#endif
  kernels.push_back(&generic::kVectorKernels);
  return kernels;
}

namespace {

const VectorKernels& kernels() {
  static const VectorKernels& best = *supported_kernels().front();
  return best;
}

float cosine_from(double dot, double squared_norm_a, double squared_norm_b) {
  const double norm_product = std::sqrt(squared_norm_a) * std::sqrt(squared_norm_b);
  if (norm_product < std::numeric_limits<float>::epsilon()) return 0;
  return static_cast<float>(std::clamp(dot / norm_product, -1.0, 1.0));
}

/// For vectors so long that their squares leave the range of float.
float cosine_in_double(const float* a, const float* b, size_t n) {
  double dot = 0, squared_norm_a = 0, squared_norm_b = 0;
  for (size_t i = 0; i < n; ++i) {
    dot += double{a[i]} * b[i];
    squared_norm_a += double{a[i]} * a[i];
    squared_norm_b += double{b[i]} * b[i];
  }
  return cosine_from(dot, squared_norm_a, squared_norm_b);
}

float cosine_with_norm(const float* a, float squared_norm_a, const float* b, size_t n) {
  const DotAndNorm sums = kernels().dot_and_norm(a, b, n);
  if (!std::isfinite(squared_norm_a) || !std::isfinite(sums.squared_norm) || !std::isfinite(sums.dot))
    return cosine_in_double(a, b, n);
  return cosine_from(sums.dot, squared_norm_a, sums.squared_norm);
}

}  // namespace

float dot(std::span<const float> a, std::span<const float> b) noexcept {
  return kernels().dot(a.data(), b.data(), a.size());
}

float dot(std::span<const Half> a, std::span<const Half> b) noexcept {
  return kernels().dot_half(a.data(), b.data(), a.size());
}

float squared_norm(std::span<const float> a) noexcept {
  return kernels().dot(a.data(), a.data(), a.size());
}

float cosine(std::span<const float> a, std::span<const float> b) noexcept {
  return cosine_with_norm(a.data(), squared_norm(a), b.data(), a.size());
}

void cosine_rows(std::span<const float> query, std::span<const float> rows,
                 std::span<float> similarities) noexcept {
  const float query_norm = squared_norm(query);
  for (size_t row = 0; row < similarities.size(); ++row)
    similarities[row] =
        cosine_with_norm(query.data(), query_norm, rows.data() + row * query.size(), query.size());
}

void to_half(std::span<const float> in, std::span<Half> out) noexcept {
  kernels().to_half(in.data(), out.data(), in.size());
}

void to_float(std::span<const Half> in, std::span<float> out) noexcept {
  kernels().to_float(in.data(), out.data(), in.size());
}

bool all_finite(std::span<const float> values) noexcept {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

std::string_view instruction_set() noexcept {
  return kernels().instruction_set;
}

}  // namespace jammi::numerics
