#include "nn/cpu/attention_tables.h"

#include <algorithm>
#include <cmath>

#include "nn/cpu/kernels/kernels.h"

namespace jammi::nn::cpu {
namespace {

/// Angles are formed in f32, as the reference does: far from the first token the rounding of a position times
/// a frequency shows in the result.
RotaryTable make_rotary_table(const EncoderSpec& spec, double base) {
  std::vector<float> frequencies;
  for (int64_t i = 0; i < spec.head_size() / 2; ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(spec.head_size());
    frequencies.push_back(1.0f / std::pow(static_cast<float>(base), exponent));
  }
  RotaryTable table;
  for (int64_t position = 0; position < spec.max_tokens(); ++position) {
    for (float frequency : frequencies) {
      const float angle = static_cast<float>(position) * frequency;
      table.cosines.push_back(std::cos(angle));
      table.sines.push_back(std::sin(angle));
    }
  }
  return table;
}

/// The bucket of a distance (key - query): each direction has exact buckets for near tokens, then ever wider
/// ones. Computed in f32, as the reference does, because it decides at the borders of buckets.
int64_t bucket_of_distance(int64_t distance, const EncoderSpec& spec) {
  const int64_t per_direction = spec.relative_buckets / 2;
  const int64_t num_exact = per_direction / 2;
  const int64_t first = distance > 0 ? per_direction : 0;
  const int64_t length = std::abs(distance);
  if (length < num_exact) return first + length;
  const float ratio = std::log(static_cast<float>(length) / static_cast<float>(num_exact)) /
                      static_cast<float>(std::log(static_cast<double>(spec.relative_max_distance) /
                                                  static_cast<double>(num_exact)));
  const auto wide = static_cast<int64_t>(ratio * static_cast<float>(per_direction - num_exact));
  return first + std::min(num_exact + wide, per_direction - 1);
}

RelativeBias make_relative_bias(const EncoderSpec& spec, std::span<const float> by_bucket) {
  RelativeBias bias;
  if (by_bucket.empty()) return bias;
  const int64_t reach = spec.max_tokens() - 1;
  const float scale = std::sqrt(static_cast<float>(spec.head_size()));
  bias.center = static_cast<size_t>(reach);
  bias.stride = static_cast<size_t>(2 * reach + 1) + kBiasPadding;
  bias.values.resize(static_cast<size_t>(spec.num_heads) * bias.stride);
  for (int64_t distance = -reach; distance <= reach; ++distance) {
    const int64_t bucket = bucket_of_distance(distance, spec);
    for (int64_t head = 0; head < spec.num_heads; ++head) {
      const size_t place = static_cast<size_t>(head) * bias.stride + static_cast<size_t>(distance + reach);
      bias.values[place] = by_bucket[static_cast<size_t>(bucket * spec.num_heads + head)] * scale;
    }
  }
  return bias;
}

}  // namespace

AttentionTables make_attention_tables(const EncoderSpec& spec, std::span<const float> relative_bias) {
  AttentionTables tables;
  for (const AttentionSpec& attention : spec.attention) {
    const double base = attention.rotary_base;
    if (base > 0 && !tables.rotary.contains(base)) tables.rotary[base] = make_rotary_table(spec, base);
  }
  tables.bias = make_relative_bias(spec, relative_bias);
  return tables;
}

}  // namespace jammi::nn::cpu
