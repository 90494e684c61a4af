#include "nn/cpu/patch_embeddings.h"

#include <algorithm>
#include <functional>

#include "nn/cpu/layer_reader.h"
#include "nn/weights.h"

namespace jammi::nn::cpu {

PatchEmbeddings::PatchEmbeddings(const EncoderSpec& spec, const WeightNames& names,
                                 const TensorSource& source)
    : width_(static_cast<size_t>(spec.hidden_size)),
      image_size_(static_cast<size_t>(spec.image_size)),
      patch_size_(static_cast<size_t>(spec.patch_size)),
      patches_per_side_(static_cast<size_t>(spec.patches_per_side())),
      class_embedding_(read_weight(source, names.class_embedding, {spec.hidden_size})),
      positions_(read_weight(source, names.position_embeddings, {spec.tokens_per_image(), spec.hidden_size})),
      norm_(read_norm(source, names.embedding_norm, spec.hidden_size)) {}

void PatchEmbeddings::cut(std::span<const float> image, float* patches) const {
  for (size_t row = 0; row < patches_per_side_; ++row) {
    for (size_t column = 0; column < patches_per_side_; ++column) {
      for (size_t channel = 0; channel < 3; ++channel) {
        for (size_t y = 0; y < patch_size_; ++y) {
          const size_t line = channel * image_size_ + row * patch_size_ + y;
          patches = std::copy_n(&image[line * image_size_ + column * patch_size_], patch_size_, patches);
        }
      }
    }
  }
}

void PatchEmbeddings::place(const float* projected, float* hidden) const {
  std::ranges::transform(class_embedding_, std::span(positions_).first(width_), hidden, std::plus());
  std::transform(positions_.begin() + static_cast<ptrdiff_t>(width_), positions_.end(), projected,
                 hidden + width_, std::plus());
}

LinearWeights read_patch_embedding(const TensorSource& source, const WeightNames& names,
                                   const EncoderSpec& spec) {
  return {.in_features = static_cast<size_t>(spec.values_per_patch()),
          .out_features = static_cast<size_t>(spec.hidden_size),
          .weight = read_weight(source, names.patch_embedding,
                                {spec.hidden_size, 3, spec.patch_size, spec.patch_size}),
          .bias = std::vector<float>(static_cast<size_t>(spec.hidden_size))};
}

}  // namespace jammi::nn::cpu
