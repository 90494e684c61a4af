#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nn/cpu/isa.h"

/// The inner loops of the encoder, compiled once per instruction set. A kernel allocates nothing, checks
/// nothing and throws nothing.
namespace jammi::nn::cpu {

enum class Epilogue { None, Gelu, GeluTanh, QuickGelu, Relu };

/// What becomes of a product's results once the bias is added.
struct Finish {
  Epilogue epilogue = Epilogue::None;
  bool adds_to_target = false;
  bool rounds_to_bf16 = false;  ///< results keep 8 significant bits
};

/// target = epilogue(source * weights + bias), or target += source * weights + bias.
struct Product {
  size_t rows = 0;
  size_t depth = 0;
  size_t columns = 0;
  const float* source = nullptr;   ///< [rows, depth]
  const float* weights = nullptr;  ///< panels made by PanelLinear
  const float* bias = nullptr;     ///< [columns rounded up to panel_width]
  float* target = nullptr;         ///< [rows, columns]
  float* scratch = nullptr;        ///< kProductScratch floats
  Finish finish = {};
};

/// Rounds the values of each row to 256 levels between its lowest and its highest: lowest + step * level.
struct RowQuantization {
  size_t num_rows = 0;
  size_t width = 0;
  const float* source = nullptr;  ///< [num_rows, width]
  void* target = nullptr;         ///< the levels; room for Kernels::quantized_bytes
  float* lowest = nullptr;        ///< [num_rows]
  float* steps = nullptr;         ///< [num_rows]
};

/// A Product of quantised rows and weights. Its sums of levels times weights are exact: every instruction set
/// forms the same ones.
struct QuantizedProduct {
  size_t rows = 0;
  size_t depth = 0;
  size_t columns = 0;
  /// What RowQuantization wrote. All of its quantized_bytes are read: tiles of rows are whole.
  const void* source = nullptr;
  const float* lowest = nullptr;
  const float* steps = nullptr;
  const int8_t* weights = nullptr;  ///< panels made by QuantizedLinear
  // Of each column, [columns rounded up to panel_width]:
  const float* scales = nullptr;  ///< the value of a weight of one
  const float* sums = nullptr;    ///< the sum of the weights' values
  const float* bias = nullptr;
  float* target = nullptr;  ///< [rows, columns]
  Finish finish = {};
};

/// Which keys a query sees. Always inlined: instruction sets share this header, and the linker would keep one
/// copy for all.
struct Visibility {
  bool is_causal = false;
  size_t window = 0;  ///< keys at most this far away; 0: however far

  [[gnu::always_inline]] size_t first_key(size_t query) const {
    return window == 0 || query < window ? 0 : query - window;
  }
  [[gnu::always_inline]] size_t end_of_keys(size_t query, size_t length) const {
    const size_t reach = is_causal ? 0 : window;
    const bool has_end = is_causal || window > 0;
    return has_end && query + reach + 1 < length ? query + reach + 1 : length;
  }
};

/// Softmax attention within one sequence, all heads.
struct Attention {
  size_t length = 0;
  size_t num_heads = 0;
  size_t head_size = 0;
  Visibility visibility = {};
  const float* qkv = nullptr;   ///< [length, 3, num_heads, head_size]
  float* context = nullptr;     ///< [length, num_heads, head_size]
  float* scratch = nullptr;     ///< Kernels::attention_scratch floats
  bool rounds_to_bf16 = false;  ///< probabilities and results keep 8 significant bits
  /// Added to the product of query i and key j of head h: bias[h * bias_stride + j - i]; null for none.
  /// kBiasPadding readable floats follow the last one.
  const float* bias = nullptr;
  size_t bias_stride = 0;
};

/// Turns queries and keys by their positions: the pair (x[i], x[i + head_size / 2]) of each head as a point
/// by the angle i of its row.
struct Rotation {
  size_t length = 0;
  size_t num_heads = 0;
  size_t head_size = 0;
  float* qkv = nullptr;            ///< [length, 3, num_heads, head_size]; values stay
  const float* cosines = nullptr;  ///< [length, head_size / 2]
  const float* sines = nullptr;
  bool rounds_to_bf16 = false;  ///< results keep 8 significant bits
};

/// target = normalised rows * weight + bias, each row (x - mean) / sqrt(variance + epsilon). `target` may be
/// `source`.
struct RowNorm {
  size_t num_rows = 0;
  size_t width = 0;
  const float* source = nullptr;
  float* target = nullptr;
  const float* weight = nullptr;
  const float* bias = nullptr;
  float epsilon = 0;
};

/// target = activation(first half of the row) * second half. `target` may be `source`.
struct Gate {
  size_t num_rows = 0;
  size_t width = 0;               ///< of a half
  const float* source = nullptr;  ///< [num_rows, 2, width]
  float* target = nullptr;        ///< [num_rows, width]
  Epilogue activation = Epilogue::None;
  bool rounds_to_bf16 = false;  ///< results keep 8 significant bits
};

/// Replaces the scores of one query, `size` of them (a multiple of 16), by the softmax over the visible ones,
/// [begin, end), and by zeros elsewhere.
struct RowSoftmax {
  size_t begin = 0;
  size_t end = 0;
  size_t size = 0;
  float scale = 1;  ///< multiplies the scores
  float* scores = nullptr;
  const float* bias = nullptr;  ///< added to the visible scores before scaling, [size]; null for none
};

struct Kernels {
  std::string_view name;
  size_t panel_width;
  size_t (*attention_scratch)(size_t length, size_t head_size) noexcept;
  size_t (*quantized_bytes)(size_t num_rows, size_t width) noexcept;

  void (*multiply)(const Product&) noexcept;
  void (*quantize)(const RowQuantization&) noexcept;
  void (*multiply_quantized)(const QuantizedProduct&) noexcept;
  void (*attend)(const Attention&) noexcept;
  void (*rotate)(const Rotation&) noexcept;
  void (*gate)(const Gate&) noexcept;
  void (*normalize)(const RowNorm&) noexcept;
  void (*softmax)(const RowSoftmax&) noexcept;
  void (*round_to_bf16)(const float* source, size_t size, float* target) noexcept;
  void (*narrow_to_bf16)(const float* source, size_t size, uint16_t* target) noexcept;
};

/// Depth of the weight blocks that `multiply` walks: one panel of a block fits a first-level cache.
inline constexpr size_t kDepthBlock = 384;

/// Source rows that `multiply` packs before all panels pass over them: a block of them fits a second-level
/// cache.
inline constexpr size_t kRowBlock = 192;
inline constexpr size_t kProductScratch = kRowBlock * kDepthBlock;

/// Neighbouring inputs whose weights lie together, for instructions that add four products at a time.
inline constexpr size_t kQuad = 4;

/// Quantised weights run from -kWeightLimit to kWeightLimit.
inline constexpr int kWeightLimit = 127;

/// Bytes of a row of a matrix tile, the deepest step that an instruction takes through a quantised product.
inline constexpr size_t kQuantizedStep = 64;

/// Inputs of a quantised product, whole steps: the weights of those that do not exist are zero.
constexpr size_t quantized_depth(size_t width) {
  return (width + kQuantizedStep - 1) / kQuantizedStep * kQuantizedStep;
}

/// Floats behind the last value of a relative bias: kernels read whole vectors.
inline constexpr size_t kBiasPadding = 16;

/// The kernels for an available instruction set.
const Kernels& kernels_for(Isa isa) noexcept;

}  // namespace jammi::nn::cpu
