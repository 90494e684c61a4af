#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nn/encoder.h"

namespace jammi::nn::cpu {

/// A linear layer as the checkpoint has it: weight [out_features, in_features], bias [out_features].
struct LinearWeights {
  size_t in_features = 0;
  size_t out_features = 0;
  std::vector<float> weight;
  std::vector<float> bias;
};

struct NormWeights {
  std::vector<float> weight;
  std::vector<float> bias;
};

/// One encoder layer. `qkv` stacks the query, key and value projections in this order.
struct LayerWeights {
  LinearWeights qkv;
  LinearWeights attention_output;
  NormWeights attention_norm;
  LinearWeights intermediate;
  LinearWeights output;
  NormWeights output_norm;
};

/// Reads layer `index`; called once per layer, so that only one layer is in memory twice.
using ReadLayer = std::function<LayerWeights(size_t index)>;

/// Applies a LayerStack on one thread. Not thread-safe; owns scratch memory.
class LayerRunner {
 public:
  virtual ~LayerRunner() = default;

  /// Sends the residual stream `hidden` ([num_tokens, hidden_size]) of a checked, non-empty batch through all
  /// layers.
  virtual void run(const PackedBatchView& batch, float* hidden) = 0;
};

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
