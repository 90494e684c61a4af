#pragma once

#include <map>
#include <vector>

#include <ATen/core/Tensor.h>

#include "nn/cpu/attention_tables.h"
#include "nn/encoder_spec.h"
#include "nn/torch/batch_plan.h"

namespace jammi::nn::torch {

/// A copy of host values on a device.
at::Tensor to_device(std::span<const float> values, at::IntArrayRef shape, const at::TensorOptions& options);
at::Tensor to_device(std::span<const int32_t> values, const at::Device& device);

/// cpu::AttentionTables on a device.
struct DeviceTables {
  struct Rotary {
    at::Tensor cosines;  ///< [max_tokens, head_size / 2], f32
    at::Tensor sines;
  };

  std::map<double, Rotary> rotary;
  at::Tensor bias;          ///< [num_heads, distances], added to scaled scores; undefined for models without
  int64_t bias_center = 0;  ///< place of distance 0

  /// `options` say the device and the type of what is multiplied.
  DeviceTables(const cpu::AttentionTables& tables, const EncoderSpec& spec, const at::TensorOptions& options);
};

/// Attention within the sequences of one batch, in every layer. Borrows its arguments.
class BatchAttention {
 public:
  BatchAttention(const EncoderSpec& spec, const DeviceTables& tables, const BatchPlan& plan,
                 const at::Device& device);

  /// The context ([num_tokens, hidden_size]) of stacked queries, keys and values ([num_tokens, 3 *
  /// hidden_size]). `attention` is one of the spec's or its decoder's.
  at::Tensor attend(const at::Tensor& qkv, const AttentionSpec& attention) const;

 private:
  /// Some queries of a group and the keys that any of them sees.
  struct Block {
    int64_t first_query = 0, num_queries = 0;
    int64_t first_key = 0, num_keys = 0;
    bool is_causal = false;          ///< in place of a mask
    std::optional<at::Tensor> mask;  ///< which keys a query sees, or what is added to scores
  };
  struct Group {
    int64_t num_sequences = 0;
    int64_t length = 0;
    std::vector<std::vector<Block>> blocks;  ///< by entry of `attentions_`
  };

  std::vector<Block> make_blocks(const SequenceGroup& group, const AttentionSpec& attention) const;
  std::optional<at::Tensor> make_mask(const SequenceGroup& group, const AttentionSpec& attention,
                                      const Block& block) const;
  at::Tensor attend(const Group& group, const at::Tensor& rows, size_t entry) const;

  const EncoderSpec& spec_;
  const DeviceTables& tables_;
  const at::Device device_;
  std::vector<AttentionSpec> attentions_;
  at::Tensor grouped_rows_;
  at::Tensor places_;
  std::vector<Group> groups_;
};

}  // namespace jammi::nn::torch
