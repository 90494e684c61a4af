#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "nn/cpu/layers.h"
#include "nn/tensor_source.h"

namespace jammi::nn::cpu {

/// The tables that turn token ids into the first hidden states. Immutable and thread-safe.
class Embeddings {
 public:
  /// Throws what read_weight throws.
  Embeddings(const EncoderSpec& spec, const WeightNames& names, const TensorSource& source);

  /// Those of the spec's decoder, which share the words of `encoder`.
  Embeddings(const Embeddings& encoder, const EncoderSpec& spec, const WeightNames& names,
             const TensorSource& source);

  const NormWeights& norm() const { return norm_; }
  std::span<const float> words() const { return *words_; }  ///< [vocab_size, hidden_size]
  std::span<const float> positions() const {
    return positions_;
  }  ///< [max_positions, hidden_size] or nothing
  size_t bytes() const { return words().size_bytes() + positions().size_bytes(); }

  /// Writes the sum of each token's embeddings, not yet normalised, to `hidden` ([num_tokens, hidden_size]).
  void look_up(const PackedBatchView& batch, float* hidden) const;

 private:
  size_t width_;
  size_t position_offset_;
  int64_t padding_id_;
  std::shared_ptr<const std::vector<float>> words_;  ///< with the embedding of token type 0 added
  std::vector<float> positions_;                     ///< empty for models without a table
  NormWeights norm_;
};

}  // namespace jammi::nn::cpu
