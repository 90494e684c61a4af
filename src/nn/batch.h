#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/encoder.h"

namespace jammi::nn {

/// Throws InvalidArgument (Inference category) unless `spec` reads token ids, every sequence of `batch` has 1
/// .. spec.max_tokens() tokens and every id lies in the vocabulary.
void check_batch(const EncoderSpec& spec, const PackedBatchView& batch);

/// The token ids that a decoder reads beside `batch`, whose offsets they share: each sequence moved one place
/// to the right, `start_id` before it, its last token left out.
std::vector<int32_t> shift_right(const PackedBatchView& batch, int64_t start_id);

/// The number of images in `pixels`. Throws InvalidArgument (Inference category) unless `spec` reads images
/// and there is a whole number of them.
size_t check_images(const EncoderSpec& spec, std::span<const float> pixels);

/// Throws InvalidArgument (Inference category) unless an output has `expected_size` values.
void check_output(std::span<const float> out, size_t expected_size);

/// Where the batch has the token whose hidden state is a sequence's vector, for each sequence; nothing for
/// the means and Max, which take more than one.
std::vector<int32_t> pooled_tokens(const PackedBatchView& batch, Pooling pooling);

/// Pools each sequence's rows of `hidden_states` ([num_tokens, width]) into one row of `out` ([num_sequences,
/// width]). Only EndOfText looks at the token ids.
void pool(const PackedBatchView& batch, std::span<const float> hidden_states, size_t width, Pooling pooling,
          std::span<float> out);

/// Scales each row of `width` values to unit L2 length: x / max(|x|, 1e-12).
void normalize_rows(std::span<float> rows, size_t width);

}  // namespace jammi::nn
