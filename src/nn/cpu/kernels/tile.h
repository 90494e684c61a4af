#pragma once

#include <array>

#include "nn/cpu/kernels/simd.h"

/// The register tile of every matrix product: a few rows times one panel two vectors wide.
namespace jammi::nn::cpu::JAMMI_ISA {

/// Rows for which the tile, one panel row and one broadcast value fill the vector registers.
#if defined(__AVX512F__)
inline constexpr size_t kTileRows = 12;
#else
inline constexpr size_t kTileRows = 6;
#endif
inline constexpr size_t kPanelWidth = 2 * kLanes;

template <size_t Rows>
struct Tile {
  Vec left[Rows] = {};
  Vec right[Rows] = {};

  void fill(Vec left_value, Vec right_value) {
#pragma GCC unroll 16
    for (size_t row = 0; row < Rows; ++row) {
      left[row] = left_value;
      right[row] = right_value;
    }
  }

  /// Adds source ([Rows, depth], rows `stride` apart) times panel ([depth, kPanelWidth]), fetching into the
  /// cache what lies `Ahead` floats behind the panel's current row.
  template <size_t Ahead = 0>
  [[gnu::always_inline]] void add_product(const float* source, size_t stride, const float* panel,
                                          size_t depth) {
    for (size_t k = 0; k < depth; ++k, panel += kPanelWidth) {
      if constexpr (Ahead > 0) __builtin_prefetch(panel + Ahead, 0, 2);
      const Vec panel_left = load(panel);
      const Vec panel_right = load(panel + kLanes);
#pragma GCC unroll 16
      for (size_t row = 0; row < Rows; ++row) {
        const Vec value = broadcast(source[row * stride + k]);
        left[row] += value * panel_left;
        right[row] += value * panel_right;
      }
    }
  }

  /// Calls body(row, first column, vector) for each vector of the tile.
  template <typename Body>
  [[gnu::always_inline]] void for_each(const Body& body) {
#pragma GCC unroll 16
    for (size_t row = 0; row < Rows; ++row) {
      body(row, size_t{0}, left[row]);
      body(row, kLanes, right[row]);
    }
  }
};

/// Function pointers to Task::run<1> .. Task::run<kTileRows>, by number of rows.
template <typename Task>
inline constexpr auto kByRows = []<size_t... Index>(std::index_sequence<Index...>) {
  return std::array{&Task::template run<Index + 1>...};
}(std::make_index_sequence<kTileRows>());

/// Calls task.run<n>(first_row) over `rows` rows in tiles of nearly equal height, so that no tile is much
/// thinner, and so slower per row, than the others.
template <typename Task>
void for_each_tile(size_t rows, const Task& task) {
  const size_t num_tiles = (rows + kTileRows - 1) / kTileRows;
  const size_t low = rows / num_tiles;
  const size_t num_high = rows % num_tiles;
  size_t row = 0;
  for (size_t tile = 0; tile < num_tiles; ++tile) {
    const size_t height = low + (tile < num_high ? 1 : 0);
    (task.*kByRows<Task>[height - 1])(row);
    row += height;
  }
}

}  // namespace jammi::nn::cpu::JAMMI_ISA
