#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "nn/encoder_spec.h"
#include "nn/tensor_source.h"

namespace jammi::nn {

/// A linear layer with an activation over finished vectors, in f32: what some models put behind pooling.
/// Immutable and thread-safe.
class Dense {
 public:
  enum class Activation { Identity, Tanh, Gelu, Relu };

  /// A layer of weight [out_features, in_features]. Throws what read_weight throws.
  static Dense read(const TensorSource& source, const LinearNames& names, int64_t in_features,
                    int64_t out_features, Activation activation = Activation::Identity);

  /// A layer without bias whose weight the checkpoint keeps as [in_features, out_features].
  static Dense read_transposed(const TensorSource& source, const std::string& name, int64_t in_features,
                               int64_t out_features);

  size_t in_features() const { return in_features_; }
  size_t out_features() const { return out_features_; }
  size_t bytes() const { return (weight_.size() + bias_.size()) * sizeof(float); }

  /// Each row of `rows` ([n, in_features], row-major) through the layer: [n, out_features].
  std::vector<float> apply(std::span<const float> rows) const;

 private:
  Dense(int64_t in_features, int64_t out_features, Activation activation);

  size_t in_features_;
  size_t out_features_;
  Activation activation_;
  std::vector<float> weight_;  ///< [out_features, in_features]
  std::vector<float> bias_;
};

}  // namespace jammi::nn
