#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

/// Vectors of the instruction set that the including file is compiled for. Only the per-ISA kernel files
/// include this; everything lives in a namespace per instruction set, so that the linker never mixes them.
namespace jammi::nn::cpu::JAMMI_ISA {

#if defined(__AVX512F__)
inline constexpr size_t kLanes = 16;
#elif defined(__AVX2__)
inline constexpr size_t kLanes = 8;
#else
inline constexpr size_t kLanes = 4;
#endif

using Vec [[gnu::vector_size(kLanes * 4)]] = float;
using IntVec [[gnu::vector_size(kLanes * 4)]] = int32_t;
using UintVec [[gnu::vector_size(kLanes * 4)]] = uint32_t;
using HalfWordVec [[gnu::vector_size(kLanes * 2)]] = uint16_t;

inline Vec load(const float* source) {
  Vec value;
  __builtin_memcpy(&value, source, sizeof value);
  return value;
}

inline void store(float* target, Vec value) {
  __builtin_memcpy(target, &value, sizeof value);
}

/// Loads `size` < kLanes floats and fills the rest with `filler`.
inline Vec load_partial(const float* source, size_t size, float filler = 0) {
  Vec value = filler - Vec{};
  __builtin_memcpy(&value, source, size * sizeof(float));
  return value;
}

inline void store_partial(float* target, Vec value, size_t size) {
  __builtin_memcpy(target, &value, size * sizeof(float));
}

/// Subtracting a zero vector is the broadcast that compilers fold to one instruction (0 + x is not x for x =
/// -0).
inline Vec broadcast(float value) {
  return value - Vec{};
}

inline Vec larger(Vec a, Vec b) {
  return a > b ? a : b;
}
inline Vec smaller(Vec a, Vec b) {
  return a < b ? a : b;
}

template <size_t Distance, size_t... Lane>
Vec swap_lanes(Vec value, std::index_sequence<Lane...>) {
  return __builtin_shufflevector(value, value, (Lane ^ Distance)...);
}

/// Exchanges lane i | Distance of `a` with lane i of `b`, for every i without the bit Distance.
template <size_t Distance, size_t... Lane>
void exchange_lanes(Vec& a, Vec& b, std::index_sequence<Lane...>) {
  const Vec first = __builtin_shufflevector(
      a, b, static_cast<int>((Lane & Distance) == 0 ? Lane : kLanes + (Lane ^ Distance))...);
  b = __builtin_shufflevector(
      a, b, static_cast<int>((Lane & Distance) == 0 ? (Lane ^ Distance) : kLanes + Lane)...);
  a = first;
}

/// Makes the rows of a square matrix its columns.
template <size_t Distance = kLanes / 2>
void transpose(Vec (&rows)[kLanes]) {
  if constexpr (Distance > 0) {
#pragma GCC unroll 16
    for (size_t i = 0; i < kLanes; ++i) {
      if ((i & Distance) == 0) {
        exchange_lanes<Distance>(rows[i], rows[i + Distance], std::make_index_sequence<kLanes>());
      }
    }
    transpose<Distance / 2>(rows);
  }
}

template <size_t Distance = kLanes / 2>
float sum(Vec value) {
  if constexpr (Distance == 0) {
    return value[0];
  } else {
    return sum<Distance / 2>(value + swap_lanes<Distance>(value, std::make_index_sequence<kLanes>()));
  }
}

template <size_t Distance = kLanes / 2>
float maximum(Vec value) {
  if constexpr (Distance == 0) {
    return value[0];
  } else {
    return maximum<Distance / 2>(
        larger(value, swap_lanes<Distance>(value, std::make_index_sequence<kLanes>())));
  }
}

/// The bit pattern of `value` rounded to the nearest bf16, ties to even, in the upper half of each lane.
inline UintVec bf16_bits(Vec value) {
  const UintVec bits = reinterpret_cast<UintVec>(value);
  return (bits + 0x7FFFU + ((bits >> 16) & 1U)) & 0xFFFF0000U;
}

inline Vec rounded_to_bf16(Vec value) {
  return reinterpret_cast<Vec>(bf16_bits(value));
}

inline void store_bf16(uint16_t* target, Vec value) {
  const HalfWordVec words = __builtin_convertvector(bf16_bits(value) >> 16, HalfWordVec);
  __builtin_memcpy(target, &words, sizeof words);
}

/// 2^x with a relative error below 3e-7; x is held within -126 .. 127.
inline Vec exp2(Vec x) {
  constexpr float kRound = 0x1.8p23f;  // adding it leaves the nearest integer in the low mantissa bits
  x = smaller(larger(x, broadcast(-126.0f)), broadcast(127.0f));
  const Vec shifted = x + kRound;
  const Vec fraction = x - (shifted - kRound);
  Vec power = broadcast(0.0013266970636323094f);
  power = power * fraction + 0.009675459936261177f;
  power = power * fraction + 0.05550742521882057f;
  power = power * fraction + 0.24022121727466583f;
  power = power * fraction + 0.6931469440460205f;
  power = power * fraction + 1.0000001192092896f;
  return reinterpret_cast<Vec>(reinterpret_cast<IntVec>(power) + (reinterpret_cast<IntVec>(shifted) << 23));
}

inline constexpr float kLog2E = 1.4426950408889634f;

/// x * (1 + erf(x / sqrt 2)) / 2 with an absolute error below 1e-6. erf(t) / t is a minimax polynomial in t^2
/// on |t| <= 3.8, beyond which erf rounds to one.
inline Vec gelu(Vec x) {
  constexpr float kLimit = 3.8f;
  constexpr float kSqrtHalf = 0.70710678118654752f;
  const Vec t = smaller(larger(x * kSqrtHalf, broadcast(-kLimit)), broadcast(kLimit));
  const Vec u = t * t * (2.0f / (kLimit * kLimit)) - 1.0f;
  Vec ratio = broadcast(0.001007218030281365f);
  ratio = ratio * u + -0.0027018876280635595f;
  ratio = ratio * u + 0.0024286515545099974f;
  ratio = ratio * u + -0.003287129569798708f;
  ratio = ratio * u + 0.00985509343445301f;
  ratio = ratio * u + -0.01834051124751568f;
  ratio = ratio * u + 0.026762355118989944f;
  ratio = ratio * u + -0.0389394573867321f;
  ratio = ratio * u + 0.055031225085258484f;
  ratio = ratio * u + -0.07251456379890442f;
  ratio = ratio * u + 0.09083700180053711f;
  ratio = ratio * u + -0.11118578910827637f;
  ratio = ratio * u + 0.13773925602436066f;
  ratio = ratio * u + -0.18564118444919586f;
  ratio = ratio * u + 0.3721076250076294f;
  const Vec half = x * 0.5f;
  return half * (ratio * t) + half;
}

/// x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2, written as x * sigmoid.
inline Vec gelu_tanh(Vec x) {
  constexpr float kLinear = -2 * 0.7978845608028654f * kLog2E;
  constexpr float kCubic = kLinear * 0.044715f;
  return x / (1.0f + exp2(x * (x * x * kCubic + kLinear)));
}

/// x * sigmoid(1.702 x).
inline Vec quick_gelu(Vec x) {
  return x / (1.0f + exp2(x * (-1.702f * kLog2E)));
}

}  // namespace jammi::nn::cpu::JAMMI_ISA
