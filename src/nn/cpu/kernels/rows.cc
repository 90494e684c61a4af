#include "nn/cpu/kernels/activation.h"
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
    const float* row = norm.source + r * norm.width;
    float* target = norm.target + r * norm.width;
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
      store_up_to(target + i, scaled * load_up_to(norm.weight + i, size) + load_up_to(norm.bias + i, size),
                  size);
    });
  }
}

void gate(const Gate& gate) noexcept {
  with_activation(gate.activation, [&](auto activation) {
    for (size_t r = 0; r < gate.num_rows; ++r) {
      const float* row = gate.source + r * 2 * gate.width;
      float* target = gate.target + r * gate.width;
      for_each_vector(gate.width, [&](size_t i, size_t size) {
        Vec value = activation(load_up_to(row + i, size)) * load_up_to(row + gate.width + i, size);
        if (gate.rounds_to_bf16) value = rounded_to_bf16(value);
        store_up_to(target + i, value, size);
      });
    }
  });
}

void rotate(const Rotation& rotation) noexcept {
  const size_t num_pairs = rotation.head_size / 2;
  const size_t width = rotation.num_heads * rotation.head_size;
  const auto finished = [&](Vec value) { return rotation.rounds_to_bf16 ? rounded_to_bf16(value) : value; };
  for (size_t row = 0; row < rotation.length; ++row) {
    const float* cosines = rotation.cosines + row * num_pairs;
    const float* sines = rotation.sines + row * num_pairs;
    float* queries_and_keys = rotation.qkv + row * 3 * width;
    for (size_t head = 0; head < 2 * width; head += rotation.head_size) {
      float* left = queries_and_keys + head;
      float* right = left + num_pairs;
      for_each_vector(num_pairs, [&](size_t i, size_t size) {
        const Vec x = load_up_to(left + i, size);
        const Vec y = load_up_to(right + i, size);
        const Vec cosine = load_up_to(cosines + i, size);
        const Vec sine = load_up_to(sines + i, size);
        store_up_to(left + i, finished(x * cosine - y * sine), size);
        store_up_to(right + i, finished(y * cosine + x * sine), size);
      });
    }
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
