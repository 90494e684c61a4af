#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "nn/cpu/layers.h"
#include "nn/tensor_source.h"

namespace jammi::nn::cpu {

/// What turns images into the first hidden states, but for the product of patches with their matrix, which
/// the layers compute. Immutable and thread-safe.
class PatchEmbeddings {
 public:
  /// Throws what read_weight throws.
  PatchEmbeddings(const EncoderSpec& spec, const WeightNames& names, const TensorSource& source);

  const NormWeights& norm() const { return norm_; }
  std::span<const float> class_embedding() const { return class_embedding_; }  ///< [hidden_size]
  std::span<const float> positions() const { return positions_; }  ///< [1 + patches_per_image, hidden_size]
  size_t bytes() const { return (class_embedding_.size() + positions_.size()) * sizeof(float); }
  size_t patches_per_image() const { return patches_per_side_ * patches_per_side_; }
  size_t values_per_patch() const { return 3 * patch_size_ * patch_size_; }

  /// Copies one image's patches, row by row, to rows of `patches` ([patches_per_image, values_per_patch]).
  void cut(std::span<const float> image, float* patches) const;

  /// Writes one image's hidden states, not yet normalised, to `hidden` ([1 + patches_per_image,
  /// hidden_size]): the class token and the `projected` patches at their positions.
  void place(const float* projected, float* hidden) const;

 private:
  size_t width_;
  size_t image_size_;
  size_t patch_size_;
  size_t patches_per_side_;
  std::vector<float> class_embedding_;
  std::vector<float> positions_;
  NormWeights norm_;
};

/// The matrix that patches are multiplied by.
LinearWeights read_patch_embedding(const TensorSource& source, const WeightNames& names,
                                   const EncoderSpec& spec);

}  // namespace jammi::nn::cpu
