#pragma once

#include <vector>

#include "nn/cpu/layers.h"
#include "nn/tensor_source.h"

namespace jammi::nn::cpu {

/// A norm of `size` values, or the identity when `names` is empty. Throws what read_weight throws.
NormWeights read_norm(const TensorSource& source, const NormNames& names, int64_t size);

/// One layer of a checked spec. Throws what read_weight throws.
LayerWeights read_layer(const TensorSource& source, const LayerNames& names, const EncoderSpec& spec);

/// The relative attention bias of a checked spec, [relative_buckets, num_heads]; nothing for models without.
/// Throws what read_weight throws.
std::vector<float> read_relative_bias(const TensorSource& source, const WeightNames& names,
                                      const EncoderSpec& spec);

}  // namespace jammi::nn::cpu
