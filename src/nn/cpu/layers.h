#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nn/cpu/attention_tables.h"
#include "nn/encoder.h"

namespace jammi::nn::cpu {

/// A linear layer: weight [out_features, in_features], bias [out_features], zeros when the checkpoint has
/// none.
struct LinearWeights {
  size_t in_features = 0;
  size_t out_features = 0;
  std::vector<float> weight;
  std::vector<float> bias;
};

/// A layer norm, its bias zeros when the checkpoint has none; nothing at all where the model does not
/// normalise.
struct NormWeights {
  std::vector<float> weight;
  std::vector<float> bias;

  bool is_identity() const { return weight.empty(); }
};

/// A decoder layer's attention to the encoder's states. `key_value` stacks the key and value projections.
struct CrossAttentionWeights {
  LinearWeights query;
  LinearWeights key_value;
  LinearWeights output;
  NormWeights norm;
};

/// One layer. `qkv` stacks the query, key and value projections in this order.
struct LayerWeights {
  LinearWeights qkv;
  LinearWeights attention_output;
  NormWeights attention_norm;
  LinearWeights intermediate;
  LinearWeights output;
  NormWeights feed_forward_norm;
  std::optional<CrossAttentionWeights> cross_attention = {};
};

/// What a LayerStack is made from. `read_layer` reads one layer and is called once for each, so that only one
/// is in memory twice; `tables` must outlive the stack.
struct StackSource {
  const EncoderSpec& spec;
  const AttentionTables& tables;
  const LinearWeights* input = nullptr;  ///< what `LayerRunner::project` multiplies by, if the model has it
  std::function<LayerWeights(size_t layer)> read_layer;
};

/// Applies a LayerStack on one thread. Not thread-safe; owns scratch memory.
class LayerRunner {
 public:
  virtual ~LayerRunner() = default;

  /// Multiplies `num_rows` > 0 rows of `source` by the stack's input layer into `target`, both row-major.
  virtual void project(size_t num_rows, const float* source, float* target) = 0;

  /// Sends the residual stream `hidden` ([num_tokens, hidden_size]) of sequences that lie between `offsets`,
  /// at least one, through all layers. `encoded`, of the same shape, are the encoder's last hidden states for
  /// a decoder's layers, null for others. With `wanted`, ascending token numbers, only these tokens pass the
  /// whole last layer; their rows are then the first of `hidden`.
  virtual void run(std::span<const int32_t> offsets, float* hidden, const float* encoded,
                   std::span<const int32_t> wanted) = 0;
};

/// Moves the rows `wanted`, ascending, to the front of `rows`, `width` values each.
template <typename Value>
void keep_rows(std::span<const int32_t> wanted, size_t width, Value* rows) {
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto source = static_cast<size_t>(wanted[i]);
    if (source != i) std::copy_n(rows + source * width, width, rows + i * width);
  }
}

/// All layers' weights, packed for one way of multiplying matrices. Immutable, thread-safe; must outlive its
/// runners.
class LayerStack {
 public:
  virtual ~LayerStack() = default;
  virtual size_t weight_bytes() const noexcept = 0;
  virtual std::string kernel_name() const = 0;
  virtual std::unique_ptr<LayerRunner> make_runner() const = 0;
};

}  // namespace jammi::nn::cpu
