#include "nn/cpu/kernels/activation.h"
#include "nn/cpu/kernels/table.h"
#include "nn/cpu/kernels/tile.h"

namespace jammi::nn::cpu::JAMMI_ISA {
namespace {

/// Source rows whose depth block stays in a second-level cache while all panels pass over it.
constexpr size_t kRowBlock = 192;

/// Weights are fetched one panel ahead: they come from memory, and hardware prefetchers stop at every page.
constexpr size_t kFetchedAhead = kDepthBlock * kPanelWidth;

/// One panel of one depth block times a block of rows.
struct PanelProduct {
  const Product& product;
  const float* source;
  const float* panel;
  float* target;
  const float* bias;
  size_t depth;
  size_t width;  ///< columns of the panel that exist
  bool is_first_block;
  bool is_last_block;

  template <size_t Rows>
  void run(size_t first_row) const {
    Tile<Rows> tile;
    if (is_first_block) tile.fill(load(bias), load(bias + kLanes));
    tile.template add_product<kFetchedAhead>(source + first_row * product.depth, product.depth, panel, depth);
    float* rows = target + first_row * product.columns;
    if (product.adds_to_target || !is_first_block) add_target(tile, rows);
    if (is_last_block) finish(tile);
    write(tile, rows);
  }

 private:
  template <size_t Rows>
  void add_target(Tile<Rows>& tile, const float* rows) const {
    if (width == kPanelWidth) {
      tile.for_each([&](size_t row, size_t column, Vec& value) {
        value += load(rows + row * product.columns + column);
      });
    } else {
      tile.for_each([&](size_t row, size_t column, Vec& value) {
        value += load_partial(rows + row * product.columns + column, size_at(column));
      });
    }
  }

  template <size_t Rows>
  void finish(Tile<Rows>& tile) const {
    with_activation(product.epilogue, [&](auto activation) {
      tile.for_each([&](size_t, size_t, Vec& value) { value = activation(value); });
    });
    if (product.rounds_to_bf16)
      tile.for_each([](size_t, size_t, Vec& value) { value = rounded_to_bf16(value); });
  }

  template <size_t Rows>
  void write(Tile<Rows>& tile, float* rows) const {
    if (width == kPanelWidth) {
      tile.for_each([&](size_t row, size_t column, Vec& value) {
        store(rows + row * product.columns + column, value);
      });
    } else {
      tile.for_each([&](size_t row, size_t column, Vec& value) {
        store_partial(rows + row * product.columns + column, value, size_at(column));
      });
    }
  }

  /// How many of the kLanes columns from `column` of the panel exist.
  size_t size_at(size_t column) const {
    const size_t rest = width < column ? 0 : width - column;
    return rest < kLanes ? rest : kLanes;
  }
};

}  // namespace

void multiply(const Product& product) noexcept {
  const size_t num_panels = (product.columns + kPanelWidth - 1) / kPanelWidth;
  for (size_t row = 0; row < product.rows; row += kRowBlock) {
    const size_t num_rows = product.rows - row < kRowBlock ? product.rows - row : kRowBlock;
    for (size_t first = 0; first < product.depth; first += kDepthBlock) {
      const size_t depth = product.depth - first < kDepthBlock ? product.depth - first : kDepthBlock;
      for (size_t p = 0; p < num_panels; ++p) {
        const size_t column = p * kPanelWidth;
        const size_t rest = product.columns - column;
        const PanelProduct panel{
            .product = product,
            .source = product.source + row * product.depth + first,
            .panel = product.weights + (first * num_panels + p * depth) * kPanelWidth,
            .target = product.target + row * product.columns + column,
            .bias = product.bias + column,
            .depth = depth,
            .width = rest < kPanelWidth ? rest : kPanelWidth,
            .is_first_block = first == 0,
            .is_last_block = first + depth == product.depth,
        };
        for_each_tile(num_rows, panel);
      }
    }
  }
}

}  // namespace jammi::nn::cpu::JAMMI_ISA
