// Compiled once per instruction set, JAMMI_ISA naming the namespace. It must not instantiate inline functions
// of other headers: the linker could keep a copy made here and run it on a CPU without the instructions.
#include "numerics/vector_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace jammi::numerics::JAMMI_ISA {
namespace {

#define JAMMI_STRINGIFY_ARGUMENT(word) #word
#define JAMMI_STRINGIFY(word) JAMMI_STRINGIFY_ARGUMENT(word)

// Register: as many floats as the instruction set handles at once.
#if defined(__AVX512F__)
using Register = __m512;
constexpr size_t kWidth = 16;
Register zero() {
  return _mm512_setzero_ps();
}
Register load(const float* from) {
  return _mm512_loadu_ps(from);
}
Register load(const uint16_t* from) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
void store(Register value, float* to) {
  _mm512_storeu_ps(to, value);
}
void store(Register value, uint16_t* to) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT));
}
Register multiply_add(Register a, Register b, Register sum) {
  return _mm512_fmadd_ps(a, b, sum);
}
#elif defined(__AVX2__)
using Register = __m256;
constexpr size_t kWidth = 8;
Register zero() {
  return _mm256_setzero_ps();
}
Register load(const float* from) {
  return _mm256_loadu_ps(from);
}
Register load(const uint16_t* from) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
void store(Register value, float* to) {
  _mm256_storeu_ps(to, value);
}
void store(Register value, uint16_t* to) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT));
}
Register multiply_add(Register a, Register b, Register sum) {
  return _mm256_fmadd_ps(a, b, sum);
}
#else
using Register = float;
constexpr size_t kWidth = 1;
Register zero() {
  return 0;
}
Register load(const float* from) {
  return *from;
}
Register load(const uint16_t* from) {
  _Float16 value;
  __builtin_memcpy(&value, from, sizeof value);
  return static_cast<float>(value);
}
void store(Register value, float* to) {
  *to = value;
}
void store(Register value, uint16_t* to) {
  const _Float16 half = static_cast<_Float16>(value);
  __builtin_memcpy(to, &half, sizeof half);
}
Register multiply_add(Register a, Register b, Register sum) {
  return sum + a * b;
}
#endif

float sum_of(Register value) {
  float lanes[kWidth];
  store(value, lanes);
  for (size_t width = kWidth / 2; width > 0; width /= 2) {
    for (size_t i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  }
  return lanes[0];
}

/// The last n < kWidth elements, filled up with zeros.
template <typename Element>
Register load_tail(const Element* from, size_t n) {
  Element padded[kWidth] = {};
  for (size_t i = 0; i < n; ++i) padded[i] = from[i];
  return load(padded);
}

// Several sums run side by side: one alone would wait for each multiply-add to finish.
constexpr size_t kNumSums = 4;

template <typename Element>
float dot_of(const Element* a, const Element* b, size_t n) {
  Register sums[kNumSums] = {zero(), zero(), zero(), zero()};
  size_t i = 0;
  for (; i + kNumSums * kWidth <= n; i += kNumSums * kWidth) {
    for (size_t s = 0; s < kNumSums; ++s)
      sums[s] = multiply_add(load(a + i + s * kWidth), load(b + i + s * kWidth), sums[s]);
  }
  for (; i + kWidth <= n; i += kWidth) sums[0] = multiply_add(load(a + i), load(b + i), sums[0]);
  if (i < n) sums[1] = multiply_add(load_tail(a + i, n - i), load_tail(b + i, n - i), sums[1]);
  return (sum_of(sums[0]) + sum_of(sums[1])) + (sum_of(sums[2]) + sum_of(sums[3]));
}

DotAndNorm dot_and_norm(const float* a, const float* b, size_t n) {
  Register dots[2] = {zero(), zero()};
  Register norms[2] = {zero(), zero()};
  auto accumulate = [&](size_t s, Register x, Register y) {
    dots[s] = multiply_add(x, y, dots[s]);
    norms[s] = multiply_add(y, y, norms[s]);
  };
  size_t i = 0;
  for (; i + 2 * kWidth <= n; i += 2 * kWidth) {
    accumulate(0, load(a + i), load(b + i));
    accumulate(1, load(a + i + kWidth), load(b + i + kWidth));
  }
  for (; i + kWidth <= n; i += kWidth) accumulate(0, load(a + i), load(b + i));
  if (i < n) accumulate(1, load_tail(a + i, n - i), load_tail(b + i, n - i));
  return {sum_of(dots[0]) + sum_of(dots[1]), sum_of(norms[0]) + sum_of(norms[1])};
}

template <typename From, typename To>
void convert(const From* in, To* out, size_t n) {
  size_t i = 0;
  for (; i + kWidth <= n; i += kWidth) store(load(in + i), out + i);
  if (i == n) return;
  To tail[kWidth];
  store(load_tail(in + i, n - i), tail);
  for (size_t t = 0; i < n; ++i, ++t) out[i] = tail[t];
}

}  // namespace

extern const VectorKernels kVectorKernels;
const VectorKernels kVectorKernels = {
    JAMMI_STRINGIFY(JAMMI_ISA), dot_of<float>,           dot_and_norm, dot_of<uint16_t>,
    convert<float, uint16_t>,   convert<uint16_t, float>};

}  // namespace jammi::numerics::JAMMI_ISA
