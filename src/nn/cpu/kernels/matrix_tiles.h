#pragma once

#include <cstddef>
#include <cstdint>

#include "nn/cpu/kernels/kernels.h"
#include "nn/cpu/kernels/tile.h"

#if defined(__AMX_INT8__)

#include <immintrin.h>

/// Products of bytes on AMX: of eight registers, each a tile of 16 rows of 64 bytes, 0 to 3 hold sums, 4 and
/// 5 rows, 6 and 7 weights.
namespace jammi::nn::cpu::JAMMI_ISA {

inline constexpr size_t kMatrixTileRows = 16;
inline constexpr size_t kBlockRows = 2 * kMatrixTileRows;
static_assert(kPanelWidth == 2 * kMatrixTileRows, "a panel is two tiles of 32-bit sums wide");

/// Lets this thread use the tiles while it exists. Linux must have given the process the permission.
class MatrixTiles {
 public:
  MatrixTiles() {
    Configuration configuration;
    for (size_t tile = 0; tile < kNumTiles; ++tile) {
      configuration.bytes_per_row[tile] = kQuantizedStep;
      configuration.rows[tile] = kMatrixTileRows;
    }
    _tile_loadconfig(&configuration);
  }
  ~MatrixTiles() { _tile_release(); }
  MatrixTiles(const MatrixTiles&) = delete;
  MatrixTiles& operator=(const MatrixTiles&) = delete;

 private:
  static constexpr size_t kNumTiles = 8;

  /// What LDTILECFG reads.
  struct alignas(64) Configuration {
    uint8_t palette = 1;
    uint8_t start_row = 0;
    uint8_t reserved[14] = {};
    uint16_t bytes_per_row[16] = {};
    uint8_t rows[16] = {};
  };
  static_assert(sizeof(Configuration) == 64);
};

/// sums = the products of 16 * RowTiles rows of levels ([rows, depth], whole even where the product has
/// fewer) and a panel of weights. `depth` is a multiple of kQuantizedStep. The rows of `sums` behind them
/// stay.
template <size_t RowTiles>
void multiply_block(const uint8_t* rows, const int8_t* panel, size_t depth,
                    int32_t (&sums)[kBlockRows][kPanelWidth]) {
  constexpr size_t kPanelStride = kPanelWidth * kQuad;
  constexpr size_t kSumStride = kPanelWidth * sizeof(int32_t);
  _tile_zero(0);
  _tile_zero(1);
  if constexpr (RowTiles == 2) {
    _tile_zero(2);
    _tile_zero(3);
  }
  for (size_t k = 0; k < depth; k += kQuantizedStep) {
    _tile_loadd(6, panel, kPanelStride);
    _tile_loadd(7, panel + kPanelStride / 2, kPanelStride);
    _tile_loadd(4, rows + k, depth);
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    if constexpr (RowTiles == 2) {
      _tile_loadd(5, rows + kMatrixTileRows * depth + k, depth);
      _tile_dpbusd(2, 5, 6);
      _tile_dpbusd(3, 5, 7);
    }
    panel += kQuantizedStep * kPanelWidth;
  }
  _tile_stored(0, sums[0], kSumStride);
  _tile_stored(1, sums[0] + kMatrixTileRows, kSumStride);
  if constexpr (RowTiles == 2) {
    _tile_stored(2, sums[kMatrixTileRows], kSumStride);
    _tile_stored(3, sums[kMatrixTileRows] + kMatrixTileRows, kSumStride);
  }
}

}  // namespace jammi::nn::cpu::JAMMI_ISA

#endif
