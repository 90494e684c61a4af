#include "nn/cpu/kernels/table.h"
#include "nn/cpu/kernels/tile.h"

namespace jammi::nn::cpu::JAMMI_ISA {
namespace {

/// Source rows whose depth block stays in a second-level cache while all panels pass over it.
constexpr size_t kRowBlock = 192;

Vec apply(Epilogue epilogue, Vec value) {
  switch (epilogue) {
    case Epilogue::None:
      return value;
    case Epilogue::Gelu:
      return gelu(value);
    case Epilogue::GeluTanh:
      return gelu_tanh(value);
    case Epilogue::Relu:
      return larger(value, Vec{});
  }
  return value;
}

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
    const float* rows = source + first_row * product.depth;
    float* target_rows = target + first_row * product.columns;
    Tile<Rows> tile;
    if (is_first_block) {
      const Vec left = load(bias);
      const Vec right = load(bias + kLanes);
      for (size_t row = 0; row < Rows; ++row) {
        tile.left[row] = left;
        tile.right[row] = right;
      }
    }
    tile.add_product(rows, product.depth, panel, depth);
    if (width == kPanelWidth) {
      for (size_t row = 0; row < Rows; ++row) {
        float* out = target_rows + row * product.columns;
        const bool adds = adds_to_target();
        store(out, finished(tile.left[row], adds ? load(out) : Vec{}));
        store(out + kLanes, finished(tile.right[row], adds ? load(out + kLanes) : Vec{}));
      }
    } else {
      for (size_t row = 0; row < Rows; ++row) {
        float* out = target_rows + row * product.columns;
        store_columns(out, tile.left[row], width < kLanes ? width : kLanes);
        if (width > kLanes) store_columns(out + kLanes, tile.right[row], width - kLanes);
      }
    }
  }

 private:
  bool adds_to_target() const { return product.adds_to_target || !is_first_block; }

  Vec finished(Vec value, Vec before) const {
    value += before;
    if (!is_last_block) return value;
    value = apply(product.epilogue, value);
    return product.rounds_to_bf16 ? rounded_to_bf16(value) : value;
  }

  void store_columns(float* out, Vec value, size_t size) const {
    store_partial(out, finished(value, adds_to_target() ? load_partial(out, size) : Vec{}), size);
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
