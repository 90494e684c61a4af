#include "nn/cpu/panel_linear.h"

#include <algorithm>

namespace jammi::nn::cpu {

PanelLinear::PanelLinear(const LinearWeights& weights, const Kernels& kernels, bool rounds_to_bf16)
    : in_features_(weights.in_features), out_features_(weights.out_features) {
  const size_t width = kernels.panel_width;
  const size_t num_panels = (out_features_ + width - 1) / width;
  bias_.grow(num_panels * width);
  std::ranges::copy(weights.bias, bias_.data());
  panels_.grow(num_panels * width * in_features_);
  float* panel = panels_.data();
  for (size_t first = 0; first < in_features_; first += kDepthBlock) {
    const size_t depth = std::min(kDepthBlock, in_features_ - first);
    for (size_t column = 0; column < out_features_; column += width, panel += depth * width) {
      const size_t num_columns = std::min(width, out_features_ - column);
      for (size_t j = 0; j < num_columns; ++j) {
        const float* row = weights.weight.data() + (column + j) * in_features_ + first;
        for (size_t k = 0; k < depth; ++k) panel[k * width + j] = row[k];
      }
    }
  }
  if (rounds_to_bf16) kernels.round_to_bf16(panels_.data(), panels_.size(), panels_.data());
}

Product PanelLinear::product(size_t rows, const float* source, float* target) const {
  return {.rows = rows,
          .depth = in_features_,
          .columns = out_features_,
          .source = source,
          .weights = panels_.data(),
          .bias = bias_.data(),
          .target = target};
}

}  // namespace jammi::nn::cpu
