#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "nn/cpu/attention_tables.h"
#include "nn/cpu/embeddings.h"
#include "nn/cpu/layers.h"
#include "nn/cpu/patch_embeddings.h"
#include "nn/device.h"
#include "nn/encoder.h"
#include "nn/torch/batch_plan.h"

namespace jammi::nn::torch {

/// What a Model is made from, borrowed for the call. The readers are called once for each layer, so that only
/// one is in the host's memory at a time.
struct ModelSource {
  const EncoderSpec& spec;
  Precision precision;
  Device device;  ///< Cuda or TorchCpu
  const cpu::AttentionTables& tables;
  const cpu::NormWeights& final_norm;
  std::function<cpu::LayerWeights(size_t layer)> read_layer;
  std::function<cpu::LayerWeights(size_t layer)> read_decoder_layer;
  const cpu::Embeddings* embeddings = nullptr;             ///< of an encoder of token ids
  const cpu::Embeddings* decoder_embeddings = nullptr;     ///< of EncoderSpec::decoder
  const cpu::PatchEmbeddings* patch_embeddings = nullptr;  ///< of an encoder of images
  const cpu::LinearWeights* patch_projection = nullptr;
};

/// An encoder's weights on one of libtorch's devices. Immutable and thread-safe. Takes checked batches that
/// are not empty; throws std::bad_alloc when the device runs out of memory, which leaves the model usable.
class Model {
 public:
  virtual ~Model() = default;

  virtual size_t weight_bytes() const noexcept = 0;

  /// Writes the last hidden states to `out` ([num_tokens, hidden_size]).
  virtual void hidden_states(const PackedBatchView& batch, const BatchPlan& plan,
                             std::span<float> out) const = 0;

  /// Writes a vector for each sequence to `out` ([num_sequences, hidden_size]): the hidden states pooled, not
  /// normalised.
  virtual void encode(const PackedBatchView& batch, const BatchPlan& plan, Pooling pooling,
                      std::span<float> out) const = 0;

  /// The same for images, whose tokens lie between `offsets`. `pixels` is [num_images, 3, image_size,
  /// image_size].
  virtual void encode_images(std::span<const float> pixels, std::span<const int32_t> offsets,
                             const BatchPlan& plan, Pooling pooling, std::span<float> out) const = 0;
};

}  // namespace jammi::nn::torch
