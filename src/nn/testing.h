#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nn/encoder.h"

/// Models and reference results for tests and benchmarks.
namespace jammi::nn::testing {

/// Tensors in memory, f32 unless set otherwise.
class MemoryTensorSource final : public TensorSource {
 public:
  void set(const std::string& name, std::vector<int64_t> shape, std::span<const float> values);
  void set_bytes(const std::string& name, DType dtype, std::vector<int64_t> shape,
                 std::vector<std::byte> bytes);
  void erase(const std::string& name);

  /// The values of an f32 tensor that exists.
  std::span<const float> values(const std::string& name) const;

  std::optional<TensorView> find(std::string_view name) const override;
  std::string description() const override { return "memory"; }

 private:
  struct Tensor {
    DType dtype = DType::F32;
    std::vector<int64_t> shape;
    std::vector<std::byte> bytes;
  };
  std::map<std::string, Tensor, std::less<>> tensors_;
};

/// A spec with random weights, the same for the same seed. Weights are scaled so that activations and
/// attention stay lively through all layers. Every optional term has a name; clear it to do without.
struct RandomModel {
  RandomModel(const EncoderSpec& spec, uint32_t seed);

  EncoderSpec spec;
  WeightNames names;
  MemoryTensorSource source;
};

/// Sequences laid end to end, owning what a PackedBatchView borrows.
struct PackedBatch {
  std::vector<int32_t> token_ids;
  std::vector<int32_t> offsets{0};

  void add(std::span<const int32_t> sequence);
  PackedBatchView view() const { return {.token_ids = token_ids, .offsets = offsets}; }
  PackedBatch only(size_t sequence) const;
};

/// Random ids in sequences of the given lengths.
PackedBatch random_batch(std::span<const int> lengths, int64_t vocab_size, uint32_t seed);

/// Last hidden states of one sequence in plain double-precision loops ([length, hidden_size]).
std::vector<double> reference_hidden_states(const RandomModel& model, std::span<const int32_t> token_ids);

/// The same of every sequence of a batch, one after the other.
std::vector<double> reference(const RandomModel& model, const PackedBatch& batch);

/// Pooled vector, not normalised, of one image ([3, image_size, image_size]) in plain double-precision loops.
/// `pooling` is Cls or MeanOfPatches.
std::vector<double> reference_image_vector(const RandomModel& model, std::span<const float> image,
                                           Pooling pooling);

/// Those of several images, one after the other.
std::vector<double> reference_image_vectors(const RandomModel& model, std::span<const float> pixels,
                                            Pooling pooling);

/// The largest absolute difference; NaN when there is one, infinity for unequal sizes.
double largest_difference(std::span<const float> actual, std::span<const double> expected);

/// The smallest cosine between a row of `actual`, `width` values, and that of `expected`.
double smallest_cosine(std::span<const float> actual, std::span<const double> expected, size_t width);

/// A BERT of two layers and 24 values.
EncoderSpec tiny_spec();

/// Local and global rotary attention, gated, normalised before each block but the first; no biases.
RandomModel modern_bert();

/// Causal, normalised before each block, query, key and value in one tensor; embeddings are not normalised.
RandomModel clip_text();

/// A vision tower of images that are not a whole number of patches: 13 pixels a side, patches of 5.
EncoderSpec vision_spec();

std::vector<float> random_images(const EncoderSpec& spec, size_t num_images);

/// Scores that depend on distance, and a padding token that is not counted.
RandomModel mpnet();

/// Encoder and decoder, and scaled word embeddings.
RandomModel bart();

/// Sequences of 1 to 600 of 50 tokens, lengths around blocks of keys and queries; the padding id and the
/// largest id occur inside.
PackedBatch mixed_batch();

}  // namespace jammi::nn::testing
