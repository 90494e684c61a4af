#include "nn/cpu/kernels/simd.h"
#include "nn/cpu/kernels/table.h"

namespace jammi::nn::cpu::JAMMI_ISA {
namespace {

/// Calls body(offset, size) for whole vectors, then once for a shorter rest if there is one.
template <typename Body>
void for_each_vector(size_t size, const Body& body) {
  size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) body(i, kLanes);
  if (i < size) body(i, size - i);
}

Vec load_up_to(const float* source, size_t size) {
  return size == kLanes ? load(source) : load_partial(source, size);
}

void store_up_to(float* target, Vec value, size_t size) {
  if (size == kLanes) {
    store(target, value);
  } else {
    store_partial(target, value, size);
  }
}

Vec keep_first(Vec value, size_t size) {
  if (size == kLanes) return value;
  Vec kept = {};
  __builtin_memcpy(&kept, &value, size * sizeof(float));
  return kept;
}

}  // namespace

void normalize(const RowNorm& norm) noexcept {
  const float inverse_width = 1.0f / static_cast<float>(norm.width);
  for (size_t r = 0; r < norm.num_rows; ++r) {
    float* row = norm.rows + r * norm.width;
    Vec total = {};
    for_each_vector(norm.width, [&](size_t i, size_t size) { total += load_up_to(row + i, size); });
    const Vec mean = broadcast(sum(total) * inverse_width);
    Vec squares = {};
    for_each_vector(norm.width, [&](size_t i, size_t size) {
      const Vec centered = keep_first(load_up_to(row + i, size) - mean, size);
      squares += centered * centered;
    });
    const Vec factor = broadcast(1.0f / __builtin_sqrtf(sum(squares) * inverse_width + norm.epsilon));
    for_each_vector(norm.width, [&](size_t i, size_t size) {
      const Vec scaled = (load_up_to(row + i, size) - mean) * factor;
      store_up_to(row + i, scaled * load_up_to(norm.weight + i, size) + load_up_to(norm.bias + i, size),
                  size);
    });
  }
}

void round_to_bf16(const float* source, size_t size, float* target) noexcept {
  for_each_vector(size, [&](size_t i, size_t count) {
    store_up_to(target + i, rounded_to_bf16(load_up_to(source + i, count)), count);
  });
}

void narrow_to_bf16(const float* source, size_t size, uint16_t* target) noexcept {
  for_each_vector(size, [&](size_t i, size_t count) {
    uint16_t words[kLanes];
    store_bf16(words, load_up_to(source + i, count));
    __builtin_memcpy(target + i, words, count * sizeof(uint16_t));
  });
}

}  // namespace jammi::nn::cpu::JAMMI_ISA
