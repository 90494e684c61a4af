#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nn/cpu/isa.h"

/// The inner loops of the encoder, compiled once per instruction set. A kernel allocates nothing, checks
/// nothing and throws nothing.
namespace jammi::nn::cpu {

enum class Epilogue { None, Gelu, GeluTanh, Relu };

/// target = epilogue(source * weights + bias), or target += source * weights + bias.
struct Product {
  size_t rows = 0;
  size_t depth = 0;
  size_t columns = 0;
  const float* source = nullptr;   ///< [rows, depth]
  const float* weights = nullptr;  ///< panels made by PanelLinear
  const float* bias = nullptr;     ///< [columns rounded up to panel_width]
  float* target = nullptr;         ///< [rows, columns]
  Epilogue epilogue = Epilogue::None;
  bool adds_to_target = false;
  bool rounds_to_bf16 = false;  ///< results keep 8 significant bits
};

/// Softmax attention within one sequence, all heads.
struct Attention {
  size_t length = 0;
  size_t num_heads = 0;
  size_t head_size = 0;
  const float* qkv = nullptr;   ///< [length, 3, num_heads, head_size]
  float* context = nullptr;     ///< [length, num_heads, head_size]
  float* scratch = nullptr;     ///< Kernels::attention_scratch floats
  bool rounds_to_bf16 = false;  ///< probabilities and results keep 8 significant bits
};

/// rows = (rows - mean) / sqrt(variance + epsilon) * weight + bias, row by row.
struct RowNorm {
  size_t num_rows = 0;
  size_t width = 0;
  float* rows = nullptr;
  const float* weight = nullptr;
  const float* bias = nullptr;
  float epsilon = 0;
};

/// Replaces `length` scores by their softmax and what follows, up to `padded_length` (a multiple of 16), by
/// zeros.
struct RowSoftmax {
  size_t length = 0;
  size_t padded_length = 0;
  float scale = 1;  ///< multiplies the scores
  float* scores = nullptr;
};

struct Kernels {
  std::string_view name;
  size_t panel_width;
  size_t (*attention_scratch)(size_t length, size_t head_size) noexcept;

  void (*multiply)(const Product&) noexcept;
  void (*attend)(const Attention&) noexcept;
  void (*normalize)(const RowNorm&) noexcept;
  void (*softmax)(const RowSoftmax&) noexcept;
  void (*round_to_bf16)(const float* source, size_t size, float* target) noexcept;
  void (*narrow_to_bf16)(const float* source, size_t size, uint16_t* target) noexcept;
};

/// Depth of the weight blocks that `multiply` walks: one panel of a block fits a first-level cache.
inline constexpr size_t kDepthBlock = 384;

/// The kernels for an available instruction set.
const Kernels& kernels_for(Isa isa) noexcept;

}  // namespace jammi::nn::cpu
