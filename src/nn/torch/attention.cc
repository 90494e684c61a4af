#include "nn/torch/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ATen.h>

namespace jammi::nn::torch {
namespace {

/// Queries of a windowed layer that meet their keys together: a longer sequence is cut, so that the work
/// grows with its length and not with the square of it.
constexpr int64_t kQueriesAtOnce = 512;

/// Turns the pairs (x[i], x[i + head_size / 2]) of each row by its position ([n, heads, length, head_size]).
at::Tensor rotated(const at::Tensor& rows, const DeviceTables::Rotary& table) {
  const int64_t length = rows.size(2);
  const at::Tensor cosines = table.cosines.narrow(0, 0, length);
  const at::Tensor sines = table.sines.narrow(0, 0, length);
  const std::vector<at::Tensor> halves = rows.to(at::kFloat).chunk(2, -1);
  return at::cat({halves[0] * cosines - halves[1] * sines, halves[1] * cosines + halves[0] * sines}, -1)
      .to(rows.scalar_type());
}

}  // namespace

at::Tensor to_device(std::span<const float> values, at::IntArrayRef shape, const at::TensorOptions& options) {
  return at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat)
      .to(options, /*non_blocking=*/false, /*copy=*/true);
}

at::Tensor to_device(std::span<const int32_t> values, const at::Device& device) {
  const auto size = static_cast<int64_t>(values.size());
  return at::from_blob(const_cast<int32_t*>(values.data()), {size}, at::kInt)
      .to(at::TensorOptions(device).dtype(at::kInt), /*non_blocking=*/false, /*copy=*/true);
}

DeviceTables::DeviceTables(const cpu::AttentionTables& tables, const EncoderSpec& spec,
                           const at::TensorOptions& options) {
  for (const auto& [base, table] : tables.rotary) {
    const int64_t shape[] = {spec.max_tokens(), spec.head_size() / 2};
    const at::TensorOptions f32 = options.dtype(at::kFloat);
    rotary[base] = {.cosines = to_device(table.cosines, shape, f32),
                    .sines = to_device(table.sines, shape, f32)};
  }
  if (tables.bias.values.empty()) return;
  // The host's table is in the scale of unscaled scores.
  const double scale = 1 / std::sqrt(static_cast<double>(spec.head_size()));
  const int64_t shape[] = {spec.num_heads, static_cast<int64_t>(tables.bias.stride)};
  bias = to_device(tables.bias.values, shape, options.dtype(at::kFloat)).mul(scale).to(options);
  bias_center = static_cast<int64_t>(tables.bias.center);
}

BatchAttention::BatchAttention(const EncoderSpec& spec, const DeviceTables& tables, const BatchPlan& plan,
                               const at::Device& device)
    : spec_(spec),
      tables_(tables),
      device_(device),
      attentions_(spec.attention),
      grouped_rows_(to_device(plan.grouped_rows, device)),
      places_(to_device(plan.places, device)) {
  if (spec.decoder) {
    attentions_.insert(attentions_.end(), {DecoderSpec::kSelfAttention, DecoderSpec::kCrossAttention});
  }
  for (const SequenceGroup& group : plan.groups) {
    Group& made = groups_.emplace_back();
    made.num_sequences = group.num_sequences();
    made.length = group.length;
    for (const AttentionSpec& attention : attentions_) made.blocks.push_back(make_blocks(group, attention));
  }
}

std::vector<BatchAttention::Block> BatchAttention::make_blocks(const SequenceGroup& group,
                                                               const AttentionSpec& attention) const {
  const int64_t length = group.length;
  const bool is_local = attention.window > 0;
  // A causal layer hides its padding, which follows every real token.
  const bool is_plainly_causal = attention.is_causal && !is_local && !tables_.bias.defined();
  const int64_t step = is_local ? std::max(kQueriesAtOnce, attention.window) : length;
  std::vector<Block> blocks;
  for (int64_t first = 0; first < length; first += step) {
    Block& block = blocks.emplace_back();
    block.first_query = first;
    block.num_queries = std::min(step, length - first);
    block.first_key = is_local ? std::max<int64_t>(0, first - attention.window) : 0;
    const int64_t end_of_keys =
        is_local ? std::min(length, first + block.num_queries + attention.window) : length;
    block.num_keys = end_of_keys - block.first_key;
    block.is_causal = is_plainly_causal;
    if (!is_plainly_causal) block.mask = make_mask(group, attention, block);
  }
  return blocks;
}

std::optional<at::Tensor> BatchAttention::make_mask(const SequenceGroup& group,
                                                    const AttentionSpec& attention,
                                                    const Block& block) const {
  const at::TensorOptions whole = at::TensorOptions(device_).dtype(at::kInt);
  const auto range = [&](int64_t first, int64_t size) { return at::arange(first, first + size, whole); };
  const at::Tensor keys = range(block.first_key, block.num_keys).view({1, 1, 1, -1});
  const at::Tensor distances = keys - range(block.first_query, block.num_queries).view({1, 1, -1, 1});

  std::optional<at::Tensor> visible;
  const auto require = [&](const at::Tensor& condition) {
    visible = visible ? *visible & condition : condition;
  };
  if (group.has_padding()) require(keys < to_device(group.lengths, device_).view({-1, 1, 1, 1}));
  if (attention.is_causal) require(distances <= 0);
  if (attention.window > 0) require(distances.abs() <= attention.window);
  if (!tables_.bias.defined()) return visible;

  const at::Tensor places = (distances + tables_.bias_center).flatten();
  const at::Tensor bias =
      tables_.bias.index_select(1, places).view({1, spec_.num_heads, block.num_queries, block.num_keys});
  if (!visible) return bias;
  return at::where(*visible, bias, at::Scalar(-std::numeric_limits<double>::infinity()))
      .to(bias.scalar_type());
}

at::Tensor BatchAttention::attend(const at::Tensor& qkv, const AttentionSpec& attention) const {
  const auto entry = static_cast<size_t>(std::ranges::find(attentions_, attention) - attentions_.begin());
  const at::Tensor rows = qkv.index_select(0, grouped_rows_);
  std::vector<at::Tensor> contexts;
  int64_t first = 0;
  for (const Group& group : groups_) {
    const int64_t num_rows = group.num_sequences * group.length;
    contexts.push_back(attend(group, rows.narrow(0, first, num_rows), entry));
    first += num_rows;
  }
  return at::cat(contexts).index_select(0, places_);
}

at::Tensor BatchAttention::attend(const Group& group, const at::Tensor& rows, size_t entry) const {
  const std::vector<at::Tensor> parts =
      rows.view({group.num_sequences, group.length, 3, spec_.num_heads, spec_.head_size()}).unbind(2);
  const auto by_head = [&](size_t part) { return parts[part].transpose(1, 2); };
  at::Tensor queries = by_head(0);
  at::Tensor keys = by_head(1);
  const at::Tensor values = by_head(2);
  if (const double base = attentions_[entry].rotary_base; base > 0) {
    queries = rotated(queries, tables_.rotary.at(base));
    keys = rotated(keys, tables_.rotary.at(base));
  }
  std::vector<at::Tensor> contexts;
  for (const Block& block : group.blocks[entry]) {
    contexts.push_back(at::scaled_dot_product_attention(
        queries.narrow(2, block.first_query, block.num_queries),
        keys.narrow(2, block.first_key, block.num_keys), values.narrow(2, block.first_key, block.num_keys),
        block.mask, /*dropout_p=*/0, block.is_causal));
  }
  const at::Tensor context = contexts.size() == 1 ? contexts.front() : at::cat(contexts, 2);
  return context.transpose(1, 2).reshape({-1, spec_.hidden_size});
}

}  // namespace jammi::nn::torch
