#pragma once

#include "nn/cpu/kernels/activation.h"
#include "nn/cpu/kernels/tile.h"

namespace jammi::nn::cpu::JAMMI_ISA {

/// Where the results of one panel go: its columns of the target's rows.
struct PanelTarget {
  float* rows;  ///< the first row, at the panel's first column
  size_t stride;
  size_t width;  ///< columns of the panel that exist

  template <size_t Rows>
  void add_to(Tile<Rows>& tile, size_t first_row) const {
    const float* first = rows + first_row * stride;
    if (width == kPanelWidth) {
      tile.for_each(
          [&](size_t row, size_t column, Vec& value) { value += load(first + row * stride + column); });
    } else {
      tile.for_each([&](size_t row, size_t column, Vec& value) {
        value += load_partial(first + row * stride + column, size_at(column));
      });
    }
  }

  template <size_t Rows>
  void write(Tile<Rows>& tile, size_t first_row) const {
    float* first = rows + first_row * stride;
    if (width == kPanelWidth) {
      tile.for_each(
          [&](size_t row, size_t column, Vec& value) { store(first + row * stride + column, value); });
    } else {
      tile.for_each([&](size_t row, size_t column, Vec& value) {
        store_partial(first + row * stride + column, value, size_at(column));
      });
    }
  }

 private:
  /// How many of the kLanes columns from `column` of the panel exist.
  size_t size_at(size_t column) const {
    const size_t rest = width < column ? 0 : width - column;
    return rest < kLanes ? rest : kLanes;
  }
};

/// Applies what `finish` asks of whole sums, but for adding the target.
template <size_t Rows>
void apply(const Finish& finish, Tile<Rows>& tile) {
  with_activation(finish.epilogue, [&](auto activation) {
    tile.for_each([&](size_t, size_t, Vec& value) { value = activation(value); });
  });
  if (finish.rounds_to_bf16)
    tile.for_each([](size_t, size_t, Vec& value) { value = rounded_to_bf16(value); });
}

}  // namespace jammi::nn::cpu::JAMMI_ISA
