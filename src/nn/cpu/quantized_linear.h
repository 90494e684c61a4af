#pragma once

#include <cstddef>
#include <cstdint>

#include "nn/cpu/aligned_buffer.h"
#include "nn/cpu/kernels/kernels.h"
#include "nn/cpu/layers.h"

namespace jammi::nn::cpu {

/// Quantised rows, the left-hand side of a QuantizedProduct; grows to the largest ones seen.
struct QuantizedRows {
  AlignedBuffer<uint8_t> levels;
  AlignedBuffer<float> lowest;
  AlignedBuffer<float> steps;
};

/// A linear layer with weights of one byte, each output scaled by its own largest weight. They lie as the
/// kernel reads them: panels of panel_width outputs (the last one filled with zeros), each holding, for every
/// kQuad inputs, kQuad weights of one output after the other.
///
/// Immutable and thread-safe.
class QuantizedLinear {
 public:
  QuantizedLinear(const LinearWeights& weights, const Kernels& kernels);

  /// The product of `num_rows` rows of `source` ([num_rows, in_features]), which are quantised into `rows`,
  /// and the layer into `target` ([num_rows, out_features]). `kernels` are those of the constructor.
  void multiply(const Kernels& kernels, size_t num_rows, const float* source, float* target,
                const Finish& finish, QuantizedRows& rows) const;

  size_t out_features() const { return out_features_; }
  size_t bytes() const { return panels_.bytes() + scales_.bytes() + sums_.bytes() + bias_.bytes(); }

 private:
  size_t in_features_;
  size_t out_features_;
  AlignedBuffer<int8_t> panels_;
  AlignedBuffer<float> scales_;
  AlignedBuffer<float> sums_;
  AlignedBuffer<float> bias_;
};

}  // namespace jammi::nn::cpu
