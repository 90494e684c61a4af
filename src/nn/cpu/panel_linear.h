#pragma once

#include <cstddef>

#include "nn/cpu/aligned_buffer.h"
#include "nn/cpu/kernels/kernels.h"
#include "nn/cpu/layers.h"

namespace jammi::nn::cpu {

/// A linear layer whose weights lie in the order in which the product kernel of one instruction set reads
/// them:
///
///   blocks of up to kDepthBlock inputs, each holding panels of panel_width outputs (the last one filled with
///   zeros), each holding one row of panel_width weights per input.
///
/// Immutable and thread-safe.
class PanelLinear {
 public:
  /// With `rounds_to_bf16` the weights keep 8 significant bits. `kernels` must outlive the object.
  PanelLinear(const LinearWeights& weights, const Kernels& kernels, bool rounds_to_bf16);

  /// The product of `rows` rows of `source` ([rows, in_features]) into `target` ([rows, out_features]); the
  /// caller sets what happens at the end of it and the scratch memory.
  Product product(size_t rows, const float* source, float* target) const;

  size_t in_features() const { return in_features_; }
  size_t out_features() const { return out_features_; }
  size_t bytes() const { return panels_.bytes() + bias_.bytes(); }

 private:
  size_t in_features_;
  size_t out_features_;
  AlignedBuffer<float> panels_;
  AlignedBuffer<float> bias_;
};

}  // namespace jammi::nn::cpu
