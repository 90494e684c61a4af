#include "nn/cpu/kernels/panel_target.h"
#include "nn/cpu/kernels/table.h"

namespace jammi::nn::cpu::JAMMI_ISA {
namespace {

/// Weights are fetched one panel ahead: they come from memory, and hardware prefetchers stop at every page.
constexpr size_t kFetchedAhead = kDepthBlock * kPanelWidth;

/// Packs a block of rows by the tiles that will be multiplied.
struct RowPacking {
  const float* source;
  size_t stride;
  size_t depth;
  float* packed;

  template <size_t Rows>
  void run(size_t first_row) const {
    pack_rows<Rows>(source + first_row * stride, stride, depth, packed + first_row * depth);
  }
};

/// One panel of one depth block times a block of packed rows.
struct PanelProduct {
  const Product& product;
  const float* panel;
  const float* bias;
  PanelTarget target;
  size_t depth;
  bool is_first_block;
  bool is_last_block;

  template <size_t Rows>
  void run(size_t first_row) const {
    Tile<Rows> tile;
    if (is_first_block) tile.fill(load(bias), load(bias + kLanes));
    tile.template add_packed_product<kFetchedAhead>(product.scratch + first_row * depth, panel, depth);
    if (product.finish.adds_to_target || !is_first_block) target.add_to(tile, first_row);
    if (is_last_block) apply(product.finish, tile);
    target.write(tile, first_row);
  }
};

}  // namespace

void multiply(const Product& product) noexcept {
  const size_t num_panels = (product.columns + kPanelWidth - 1) / kPanelWidth;
  for (size_t row = 0; row < product.rows; row += kRowBlock) {
    const size_t num_rows = product.rows - row < kRowBlock ? product.rows - row : kRowBlock;
    for (size_t first = 0; first < product.depth; first += kDepthBlock) {
      const size_t depth = product.depth - first < kDepthBlock ? product.depth - first : kDepthBlock;
      for_each_tile(num_rows, RowPacking{.source = product.source + row * product.depth + first,
                                         .stride = product.depth,
                                         .depth = depth,
                                         .packed = product.scratch});
      for (size_t p = 0; p < num_panels; ++p) {
        const size_t column = p * kPanelWidth;
        const size_t rest = product.columns - column;
        const PanelProduct panel{
            .product = product,
            .panel = product.weights + (first * num_panels + p * depth) * kPanelWidth,
            .bias = product.bias + column,
            .target = {.rows = product.target + row * product.columns + column,
                       .stride = product.columns,
                       .width = rest < kPanelWidth ? rest : kPanelWidth},
            .depth = depth,
            .is_first_block = first == 0,
            .is_last_block = first + depth == product.depth,
        };
        for_each_tile(num_rows, panel);
      }
    }
  }
}

}  // namespace jammi::nn::cpu::JAMMI_ISA
