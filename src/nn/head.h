#pragma once

#include <optional>
#include <span>
#include <vector>

#include "nn/dense.h"

namespace jammi::nn {

/// A classification head: an optional hidden layer, normalised or not, then one output per class. Immutable
/// and thread-safe.
struct Head {
  /// A layer norm, as the checkpoint has it; `bias` may be empty.
  struct Norm {
    std::vector<float> weight;
    std::vector<float> bias;
    float epsilon = 0;
  };

  std::optional<Dense> hidden;
  std::optional<Norm> norm;  ///< of the hidden layer's outputs
  Dense output;

  size_t num_classes() const { return output.out_features(); }

  /// The logits of each row of `rows` ([n, width], row-major): [n, num_classes].
  std::vector<float> apply(std::span<const float> rows) const;
};

}  // namespace jammi::nn
