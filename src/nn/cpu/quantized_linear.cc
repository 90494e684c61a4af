#include "nn/cpu/quantized_linear.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace jammi::nn::cpu {
namespace {

/// Outputs whose weights are smaller still count as zero, because the reciprocal would not be finite.
constexpr float kSmallestScale = 1e-30f;

float largest_magnitude(std::span<const float> values) {
  float largest = 0;
  for (float value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

}  // namespace

QuantizedLinear::QuantizedLinear(const LinearWeights& weights, const Kernels& kernels)
    : in_features_(weights.in_features), out_features_(weights.out_features) {
  const size_t width = kernels.panel_width;
  const size_t padded_outputs = (out_features_ + width - 1) / width * width;
  const size_t panel_size = quantized_depth(in_features_) * width;
  panels_.grow(padded_outputs / width * panel_size);
  scales_.grow(padded_outputs);
  sums_.grow(padded_outputs);
  bias_.grow(padded_outputs);
  std::ranges::copy(weights.bias, bias_.data());
  for (size_t output = 0; output < out_features_; ++output) {
    const auto row = std::span(weights.weight).subspan(output * in_features_, in_features_);
    const float scale = largest_magnitude(row) / kWeightLimit;
    const float factor = scale > kSmallestScale ? 1 / scale : 0;
    int8_t* quads = panels_.data() + output / width * panel_size + output % width * kQuad;
    int32_t sum = 0;
    for (size_t k = 0; k < in_features_; ++k) {
      const auto weight = static_cast<int8_t>(std::lround(row[k] * factor));
      quads[k / kQuad * width * kQuad + k % kQuad] = weight;
      sum += weight;
    }
    scales_.data()[output] = scale;
    sums_.data()[output] = scale * static_cast<float>(sum);
  }
}

void QuantizedLinear::multiply(const Kernels& kernels, size_t num_rows, const float* source, float* target,
                               const Finish& finish, QuantizedRows& rows) const {
  const RowQuantization quantization{
      .num_rows = num_rows,
      .width = in_features_,
      .source = source,
      .target = rows.levels.grow(kernels.quantized_bytes(num_rows, in_features_)),
      .lowest = rows.lowest.grow(num_rows),
      .steps = rows.steps.grow(num_rows)};
  kernels.quantize(quantization);
  kernels.multiply_quantized({.rows = num_rows,
                              .depth = in_features_,
                              .columns = out_features_,
                              .source = quantization.target,
                              .lowest = quantization.lowest,
                              .steps = quantization.steps,
                              .weights = panels_.data(),
                              .scales = scales_.data(),
                              .sums = sums_.data(),
                              .bias = bias_.data(),
                              .target = target,
                              .finish = finish});
}

}  // namespace jammi::nn::cpu
