#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "nn/encoder_spec.h"

namespace jammi::nn::cpu {

/// Cosines and sines by which rotary attention turns pairs of values: [max_tokens, head_size / 2] each.
struct RotaryTable {
  std::vector<float> cosines;
  std::vector<float> sines;
};

/// Additions to attention scores that depend on head and distance alone, in the scale of the plain product of
/// query and key. Empty for models without.
struct RelativeBias {
  std::vector<float> values;  ///< [num_heads, stride]; key - query + center is the place in a row
  size_t center = 0;
  size_t stride = 0;
};

/// What attention knows of positions, computed once per model.
struct AttentionTables {
  std::map<double, RotaryTable> rotary;  ///< by AttentionSpec::rotary_base
  RelativeBias bias;
};

/// `relative_bias` is the checkpoint's [relative_buckets, num_heads], empty for models without.
AttentionTables make_attention_tables(const EncoderSpec& spec, std::span<const float> relative_bias);

}  // namespace jammi::nn::cpu
