#include "nn/cpu/layer_reader.h"

#include <span>

#include "nn/weights.h"

namespace jammi::nn::cpu {
namespace {

/// Reads linear layers over the same input and stacks their outputs, `out_features` in all.
LinearWeights read_linear(const TensorSource& source, std::span<const LinearNames> stacked,
                          int64_t in_features, int64_t out_features) {
  LinearWeights linear;
  linear.in_features = static_cast<size_t>(in_features);
  linear.out_features = static_cast<size_t>(out_features);
  const int64_t part = out_features / static_cast<int64_t>(stacked.size());
  for (const LinearNames& names : stacked) {
    linear.weight.append_range(read_weight(source, names.weight, {part, in_features}));
    if (!names.bias.empty()) linear.bias.append_range(read_weight(source, names.bias, {part}));
    linear.bias.resize(linear.weight.size() / linear.in_features);
  }
  return linear;
}

CrossAttentionWeights read_cross_attention(const TensorSource& source, const CrossAttentionNames& names,
                                           int64_t hidden) {
  const LinearNames key_value[] = {names.key, names.value};
  return {.query = read_linear(source, {&names.query, 1}, hidden, hidden),
          .key_value = read_linear(source, key_value, hidden, 2 * hidden),
          .output = read_linear(source, {&names.output, 1}, hidden, hidden),
          .norm = read_norm(source, names.norm, hidden)};
}

}  // namespace

NormWeights read_norm(const TensorSource& source, const NormNames& names, int64_t size) {
  if (names.weight.empty()) return {};
  return {.weight = read_weight(source, names.weight, {size}),
          .bias = names.bias.empty() ? std::vector<float>(static_cast<size_t>(size))
                                     : read_weight(source, names.bias, {size})};
}

LayerWeights read_layer(const TensorSource& source, const LayerNames& names, const EncoderSpec& spec) {
  const int64_t hidden = spec.hidden_size;
  const int64_t widened = spec.intermediate_size * (spec.is_gated ? 2 : 1);
  LayerWeights layer{
      .qkv = read_linear(source, names.qkv, hidden, 3 * hidden),
      .attention_output = read_linear(source, {&names.attention_output, 1}, hidden, hidden),
      .attention_norm = read_norm(source, names.attention_norm, hidden),
      .intermediate = read_linear(source, {&names.intermediate, 1}, hidden, widened),
      .output = read_linear(source, {&names.output, 1}, spec.intermediate_size, hidden),
      .feed_forward_norm = read_norm(source, names.feed_forward_norm, hidden),
  };
  if (names.cross_attention) {
    layer.cross_attention = read_cross_attention(source, *names.cross_attention, hidden);
  }
  return layer;
}

std::vector<float> read_relative_bias(const TensorSource& source, const WeightNames& names,
                                      const EncoderSpec& spec) {
  if (spec.relative_buckets == 0) return {};
  return read_weight(source, names.relative_bias, {spec.relative_buckets, spec.num_heads});
}

}  // namespace jammi::nn::cpu
