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

  /// Adds source ([Rows, depth], rows `stride` apart) times panel ([depth, kPanelWidth]).
  [[gnu::always_inline]] void add_product(const float* source, size_t stride, const float* panel,
                                          size_t depth) {
    for (size_t k = 0; k < depth; ++k) add_outer_product(source + k, stride, panel + k * kPanelWidth);
  }

  /// Adds a source that `pack_rows` packed times panel ([depth, kPanelWidth]), fetching into the cache what
  /// lies `Ahead` floats behind the panel's current row.
  template <size_t Ahead>
  [[gnu::always_inline]] void add_packed_product(const float* source, const float* panel, size_t depth) {
#pragma GCC unroll 2
    for (size_t k = 0; k < depth; ++k, source += Rows, panel += kPanelWidth) {
      __builtin_prefetch(panel + Ahead, 0, 2);
      add_outer_product(source, 1, panel);
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

 private:
  /// Adds `Rows` values, `stride` apart, times one row of a panel.
  [[gnu::always_inline]] void add_outer_product(const float* column, size_t stride, const float* panel_row) {
    const Vec panel_left = load(panel_row);
    const Vec panel_right = load(panel_row + kLanes);
#pragma GCC unroll 16
    for (size_t row = 0; row < Rows; ++row) {
      const Vec value = broadcast(column[row * stride]);
      left[row] += value * panel_left;
      right[row] += value * panel_right;
    }
  }
};

/// Writes the rows of a tile ([Rows, depth], `stride` apart) in the order in which it broadcasts them:
/// [depth, Rows]. One after the other in memory they neither collide in a cache nor need an address each.
template <size_t Rows>
void pack_rows(const float* source, size_t stride, size_t depth, float* packed) {
  const size_t whole = depth / kLanes * kLanes;
  for (size_t k = 0; k < whole; k += kLanes) {
#pragma GCC unroll 16
    for (size_t first = 0; first < Rows; first += kLanes) {
      const size_t num_rows = Rows - first < kLanes ? Rows - first : kLanes;
      Vec square[kLanes] = {};
#pragma GCC unroll 16
      for (size_t i = 0; i < num_rows; ++i) square[i] = load(source + (first + i) * stride + k);
      transpose(square);
#pragma GCC unroll 16
      for (size_t i = 0; i < kLanes; ++i) store_partial(packed + (k + i) * Rows + first, square[i], num_rows);
    }
  }
  for (size_t k = whole; k < depth; ++k) {
    for (size_t row = 0; row < Rows; ++row) packed[k * Rows + row] = source[row * stride + k];
  }
}

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
