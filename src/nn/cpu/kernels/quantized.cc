#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "nn/cpu/kernels/matrix_tiles.h"
#include "nn/cpu/kernels/panel_target.h"
#include "nn/cpu/kernels/table.h"

namespace jammi::nn::cpu::JAMMI_ISA {
namespace {

IntVec load_bytes(const void* source) {
  IntVec bytes;
  __builtin_memcpy(&bytes, source, sizeof bytes);
  return bytes;
}

#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)

/// A quad of a row lies as four bytes, which one instruction multiplies.
using Element = uint8_t;
inline constexpr size_t kSteps = 1;
inline constexpr size_t kOrder[kQuad] = {0, 1, 2, 3};

template <size_t Step>
IntVec weights_of(IntVec quads) {
  return quads;
}

/// Adds to each lane of `sums` the products of its four bytes.
[[gnu::always_inline]] inline void add_products(IntVec& sums, IntVec row, IntVec weights) {
#if defined(__AVX512VNNI__)
  sums = reinterpret_cast<IntVec>(_mm512_dpbusd_epi32(
      reinterpret_cast<__m512i>(sums), reinterpret_cast<__m512i>(row), reinterpret_cast<__m512i>(weights)));
#else
  sums = reinterpret_cast<IntVec>(_mm256_dpbusd_avx_epi32(
      reinterpret_cast<__m256i>(sums), reinterpret_cast<__m256i>(row), reinterpret_cast<__m256i>(weights)));
#endif
}

#else

/// Without VNNI, instructions on bytes saturate. A quad of a row lies as four 16-bit numbers, those of even
/// inputs first, and is multiplied in two steps: weights of even inputs, then of odd ones, widened to pairs.
using Element = int16_t;
inline constexpr size_t kSteps = 2;
inline constexpr size_t kOrder[kQuad] = {0, 2, 1, 3};

template <size_t Step>
IntVec weights_of(IntVec quads) {
  using PairVec [[gnu::vector_size(kLanes * 4)]] = int16_t;
  const PairVec bytes = reinterpret_cast<PairVec>(quads);
  return reinterpret_cast<IntVec>(Step == 0 ? bytes << 8 >> 8 : bytes >> 8);
}

/// Adds to each lane of `sums` the products of its two 16-bit numbers.
[[gnu::always_inline]] inline void add_products(IntVec& sums, IntVec row, IntVec weights) {
#if defined(__AVX512BW__)
  sums += reinterpret_cast<IntVec>(
      _mm512_madd_epi16(reinterpret_cast<__m512i>(row), reinterpret_cast<__m512i>(weights)));
#elif defined(__AVX2__)
  sums += reinterpret_cast<IntVec>(
      _mm256_madd_epi16(reinterpret_cast<__m256i>(row), reinterpret_cast<__m256i>(weights)));
  // Keeps GCC from forming all products before it adds any, for which there are too few registers.
  asm volatile("" : "+x"(sums));
#else
  sums += (row << 16 >> 16) * (weights << 16 >> 16) + (row >> 16) * (weights >> 16);
#endif
}

#endif

/// What becomes of the sums of one panel.
struct PanelSums {
  const QuantizedProduct& product;
  size_t first_column;
  PanelTarget target;

  template <size_t Rows>
  [[gnu::always_inline]] void write(const IntVec (&left)[Rows], const IntVec (&right)[Rows],
                                    size_t first_row) const {
    Tile<Rows> tile;
#pragma GCC unroll 16
    for (size_t row = 0; row < Rows; ++row) {
      const Vec step = broadcast(product.steps[first_row + row]);
      const Vec lowest = broadcast(product.lowest[first_row + row]);
      tile.left[row] = value_of(left[row], step, lowest, first_column);
      tile.right[row] = value_of(right[row], step, lowest, first_column + kLanes);
    }
    if (product.finish.adds_to_target) target.add_to(tile, first_row);
    apply(product.finish, tile);
    target.write(tile, first_row);
  }

 private:
  /// What sums of products stand for, and the bias.
  Vec value_of(IntVec sums, Vec step, Vec lowest, size_t column) const {
    const Vec constant = lowest * load(product.sums + column) + load(product.bias + column);
    return __builtin_convertvector(sums, Vec) * (step * load(product.scales + column)) + constant;
  }
};

#if defined(__AMX_INT8__)

/// Writes the rows of a block of sums that matrix tiles formed.
struct BlockWriter {
  const int32_t (&sums)[kBlockRows][kPanelWidth];
  const PanelSums& panel;
  size_t first_row;

  template <size_t Rows>
  void run(size_t row) const {
    IntVec left[Rows];
    IntVec right[Rows];
#pragma GCC unroll 16
    for (size_t i = 0; i < Rows; ++i) {
      left[i] = load_bytes(sums[row + i]);
      right[i] = load_bytes(sums[row + i] + kLanes);
    }
    panel.write(left, right, first_row + row);
  }
};

/// One panel times all rows.
void multiply_panel(const QuantizedProduct& product, const int8_t* weights, const PanelSums& panel) {
  const size_t depth = quantized_depth(product.depth);
  alignas(64) int32_t sums[kBlockRows][kPanelWidth];
  for (size_t row = 0; row < product.rows; row += kBlockRows) {
    const uint8_t* source = static_cast<const uint8_t*>(product.source) + row * depth;
    const size_t num_rows = product.rows - row < kBlockRows ? product.rows - row : kBlockRows;
    if (num_rows > kMatrixTileRows) {
      multiply_block<2>(source, weights, depth, sums);
    } else {
      multiply_block<1>(source, weights, depth, sums);
    }
    for_each_tile(num_rows, BlockWriter{.sums = sums, .panel = panel, .first_row = row});
  }
}

#else

IntVec broadcast_bytes(const uint8_t* source) {
  int32_t bytes;
  __builtin_memcpy(&bytes, source, sizeof bytes);
  return bytes - IntVec{};
}

/// One panel times a few rows.
struct RowsProduct {
  const QuantizedProduct& product;
  const int8_t* panel;
  const PanelSums& sums;

  template <size_t Rows>
  void run(size_t first_row) const {
    IntVec left[Rows] = {};
    IntVec right[Rows] = {};
    const size_t depth = quantized_depth(product.depth);
    const size_t stride = depth * sizeof(Element);
    const uint8_t* source = static_cast<const uint8_t*>(product.source) + first_row * stride;
    const int8_t* weights = panel;
    for (size_t k = 0; k < depth; k += kQuad) {
      add_step<0>(left, right, source, stride, weights);
      if constexpr (kSteps == 2)
        add_step<1>(left, right, source + kQuad * sizeof(Element) / kSteps, stride, weights);
      source += kQuad * sizeof(Element);
      weights += kPanelWidth * kQuad;
    }
    sums.write(left, right, first_row);
  }

 private:
  template <size_t Step, size_t Rows>
  [[gnu::always_inline]] static void add_step(IntVec (&left)[Rows], IntVec (&right)[Rows],
                                              const uint8_t* source, size_t stride, const int8_t* weights) {
    const IntVec weights_left = weights_of<Step>(load_bytes(weights));
    const IntVec weights_right = weights_of<Step>(load_bytes(weights + kLanes * kQuad));
#pragma GCC unroll 16
    for (size_t row = 0; row < Rows; ++row) {
      const IntVec values = broadcast_bytes(source + row * stride);
      add_products(left[row], values, weights_left);
      add_products(right[row], values, weights_right);
    }
  }
};

/// One panel times all rows.
void multiply_panel(const QuantizedProduct& product, const int8_t* weights, const PanelSums& panel) {
  for_each_tile(product.rows, RowsProduct{.product = product, .panel = weights, .sums = panel});
}

#endif

using ElementVec [[gnu::vector_size(kLanes * sizeof(Element))]] = Element;

template <size_t... Lane>
ElementVec in_order(ElementVec values, std::index_sequence<Lane...>) {
  return __builtin_shufflevector(values, values, (Lane / kQuad * kQuad + kOrder[Lane % kQuad])...);
}

struct Range {
  float lowest;
  float highest;
};

Range range_of(const float* row, size_t width) {
  Vec lowest = broadcast(row[0]);
  Vec highest = lowest;
  size_t i = 0;
  for (; i + kLanes <= width; i += kLanes) {
    lowest = smaller(lowest, load(row + i));
    highest = larger(highest, load(row + i));
  }
  if (i < width) {
    const Vec rest = load_partial(row + i, width - i, row[0]);
    lowest = smaller(lowest, rest);
    highest = larger(highest, rest);
  }
  return {.lowest = -maximum(-lowest), .highest = maximum(highest)};
}

}  // namespace

void quantize(const RowQuantization& quantization) noexcept {
  constexpr float kLevels = 255;
  constexpr float kSmallestRange = 1e-30f;  // its reciprocal times kLevels is finite
  const size_t width = quantization.width;
  for (size_t r = 0; r < quantization.num_rows; ++r) {
    const float* row = quantization.source + r * width;
    Element* target = static_cast<Element*>(quantization.target) + r * quantized_depth(width);
    const Range range = range_of(row, width);
    const float spread = range.highest - range.lowest;
    const float factor = spread > kSmallestRange ? kLevels / spread : 0;
    const auto write = [&](size_t i, Vec values) {
      const IntVec levels = __builtin_convertvector((values - range.lowest) * factor + 0.5f, IntVec);
      const ElementVec elements =
          in_order(__builtin_convertvector(levels, ElementVec), std::make_index_sequence<kLanes>());
      __builtin_memcpy(target + i, &elements, sizeof elements);
    };
    size_t i = 0;
    for (; i + kLanes <= width; i += kLanes) write(i, load(row + i));
    for (; i < quantized_depth(width); i += kLanes) {
      write(i, i < width ? load_partial(row + i, width - i, range.lowest) : broadcast(range.lowest));
    }
    quantization.lowest[r] = range.lowest;
    quantization.steps[r] = spread / kLevels;
  }
}

size_t quantized_bytes(size_t num_rows, size_t width) noexcept {
#if defined(__AMX_INT8__)
  num_rows = (num_rows + kBlockRows - 1) / kBlockRows * kBlockRows;
#endif
  return num_rows * quantized_depth(width) * sizeof(Element);
}

void multiply_quantized(const QuantizedProduct& product) noexcept {
#if defined(__AMX_INT8__)
  const MatrixTiles tiles;
#endif
  const size_t panel_size = quantized_depth(product.depth) * kPanelWidth;
  for (size_t column = 0; column < product.columns; column += kPanelWidth) {
    const size_t rest = product.columns - column;
    multiply_panel(product, product.weights + column / kPanelWidth * panel_size,
                   {.product = product,
                    .first_column = column,
                    .target = {.rows = product.target + column,
                               .stride = product.columns,
                               .width = rest < kPanelWidth ? rest : kPanelWidth}});
  }
}

}  // namespace jammi::nn::cpu::JAMMI_ISA
