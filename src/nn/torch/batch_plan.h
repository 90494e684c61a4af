#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "nn/encoder.h"

namespace jammi::nn::torch {

/// Sequences of nearly one length, which attend in one call. Each has `length` rows, the last ones padding
/// where it is shorter.
struct SequenceGroup {
  int64_t length = 0;
  std::vector<int32_t> lengths;  ///< without padding, longest first

  int64_t num_sequences() const { return static_cast<int64_t>(lengths.size()); }
  bool has_padding() const { return lengths.back() < length; }
};

/// How a packed batch is laid out for attention. Everything but attention works on the packed rows; for
/// attention they are copied into groups, one after the other.
struct BatchPlan {
  std::vector<int32_t> position_ids;  ///< of each token: rows of the position table; nothing for images
  std::vector<int32_t> decoder_ids;   ///< what the decoder reads, if the model has one
  std::vector<int32_t> decoder_position_ids;
  std::vector<SequenceGroup> groups;
  std::vector<int32_t> grouped_rows;   ///< the packed row that each row of the groups copies
  std::vector<int32_t> places;         ///< where the groups have each packed row
  std::vector<int32_t> pooled_tokens;  ///< of nn::pooled_tokens
};

/// Plans a checked batch that is pooled so, or not at all; of images, only its offsets are looked at. At most
/// an eighth of a group's rows are padding, which copies the last token of its sequence.
BatchPlan plan_batch(const EncoderSpec& spec, const PackedBatchView& batch, std::optional<Pooling> pooling);

}  // namespace jammi::nn::torch
