#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "nn/device.h"
#include "nn/encoder_spec.h"
#include "nn/tensor_source.h"

namespace jammi::nn {

/// What matrix products compute in. Residuals, norms and softmax are always f32. F16 needs a GPU. Int8 needs
/// the CPU; it is that of the linear layers, attention is f32.
enum class Precision { F32, Bf16, F16, Int8 };

std::string_view to_string(Precision precision) noexcept;  ///< f32, bf16, f16, int8

/// The precision that `auto` means: Bf16 on GPUs and on CPUs with AMX-BF16 or AVX512-BF16, else F32.
Precision preferred_precision(const Device& device = {}) noexcept;

/// How a sequence's hidden states become one vector. Cls and Last take the first and the last token's,
/// EndOfText that of the first token with the largest id (CLIP), MeanOfPatches the mean of all but the first.
enum class Pooling { Mean, Cls, Max, Last, EndOfText, MeanOfPatches };

/// mean, cls, max, last, end_of_text, mean_of_patches
std::string_view to_string(Pooling pooling) noexcept;

/// Sequences laid end to end without padding. Sequence i is token_ids[offsets[i] .. offsets[i + 1]).
struct PackedBatchView {
  std::span<const int32_t> token_ids;
  std::span<const int32_t>
      offsets;  ///< num_sequences + 1 ascending positions, first 0, last token_ids.size()

  size_t num_sequences() const { return offsets.empty() ? 0 : offsets.size() - 1; }
  size_t num_tokens() const { return token_ids.size(); }
};

/// Computes forward passes on one thread. Not thread-safe; owns scratch memory that grows to the largest
/// batch seen. Throws std::bad_alloc when the host or the GPU runs out of memory; a smaller batch may
/// succeed.
class EncoderWorker {
 public:
  virtual ~EncoderWorker() = default;

  /// Writes one pooled vector per sequence to `out` ([num_sequences, hidden_size], row-major), scaled to unit
  /// L2 length when `normalize` (x / max(|x|, 1e-12)). Every sequence needs 1 .. max_tokens tokens and ids
  /// below vocab_size: InvalidArgument otherwise, and for an encoder of images.
  virtual void encode(const PackedBatchView& batch, Pooling pooling, bool normalize,
                      std::span<float> out) = 0;

  /// Writes one pooled vector per image, as `encode` does per sequence. `pixels` holds num_images pictures as
  /// [3, image_size, image_size] each. InvalidArgument for an encoder of token ids.
  virtual void encode_images(std::span<const float> pixels, Pooling pooling, bool normalize,
                             std::span<float> out);

  /// Writes the last hidden states to `out` ([num_tokens, hidden_size], row-major). Same preconditions.
  virtual void hidden_states(const PackedBatchView& batch, std::span<float> out) = 0;
};

/// A transformer encoder with weights packed for its device. Immutable and thread-safe; workers share it and
/// must not outlive it.
class Encoder {
 public:
  /// Checks every weight's presence, shape and type against `spec` and packs it. Throws Model-category
  /// errors: NotFound naming the missing tensor and file, DataCorruption naming a tensor of the wrong shape
  /// or dtype; and Unsupported when the device or its precision is missing.
  static std::shared_ptr<const Encoder> load(const EncoderSpec& spec, const WeightNames& names,
                                             const TensorSource& weights, Precision precision,
                                             const Device& device = {});
  virtual ~Encoder() = default;

  virtual const EncoderSpec& spec() const noexcept = 0;
  virtual Precision precision() const noexcept = 0;
  virtual size_t weight_bytes() const noexcept = 0;

  /// nn::tokens_per_batch of the device.
  virtual size_t tokens_per_batch() const noexcept = 0;

  /// Name of the kernels in use, for logs and benchmarks ("panel:avx2", "cuda:0").
  virtual std::string kernel_name() const = 0;

  virtual std::unique_ptr<EncoderWorker> make_worker() const = 0;
};

}  // namespace jammi::nn
