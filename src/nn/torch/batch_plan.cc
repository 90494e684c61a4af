#include "nn/torch/batch_plan.h"

#include <algorithm>
#include <numeric>

#include "nn/batch.h"

namespace jammi::nn::torch {
namespace {

/// A sequence joins a group whose length exceeds its own by at most this part of the group's.
constexpr int32_t kMaxPaddingPart = 8;

std::vector<int32_t> position_ids(const EncoderSpec& spec, const PackedBatchView& batch) {
  std::vector<int32_t> ids;
  ids.reserve(batch.num_tokens());
  for (size_t i = 0; i < batch.num_sequences(); ++i) {
    auto next_position = static_cast<int32_t>(spec.position_offset);
    for (int32_t token = batch.offsets[i]; token < batch.offsets[i + 1]; ++token) {
      const int32_t id = batch.token_ids[token];
      ids.push_back(id == spec.padding_id ? id : next_position++);
    }
  }
  return ids;
}

}  // namespace

BatchPlan plan_batch(const EncoderSpec& spec, const PackedBatchView& batch, std::optional<Pooling> pooling) {
  BatchPlan plan;
  if (!spec.reads_images()) plan.position_ids = position_ids(spec, batch);
  if (spec.decoder) {
    plan.decoder_ids = shift_right(batch, spec.decoder->start_id);
    plan.decoder_position_ids = position_ids(spec, {.token_ids = plan.decoder_ids, .offsets = batch.offsets});
  }
  if (pooling) plan.pooled_tokens = pooled_tokens(batch, *pooling);
  plan.places.resize(static_cast<size_t>(batch.offsets.back()));
  const auto length_of = [&](size_t i) { return batch.offsets[i + 1] - batch.offsets[i]; };
  std::vector<size_t> sequences(batch.num_sequences());
  std::iota(sequences.begin(), sequences.end(), size_t{0});
  std::ranges::stable_sort(sequences, std::ranges::greater(), length_of);

  for (size_t i : sequences) {
    const int32_t length = length_of(i);
    if (plan.groups.empty() ||
        length < plan.groups.back().length - plan.groups.back().length / kMaxPaddingPart) {
      plan.groups.push_back({.length = length, .lengths = {}});
    }
    SequenceGroup& group = plan.groups.back();
    group.lengths.push_back(length);
    for (int32_t row = 0; row < group.length; ++row) {
      const int32_t packed_row = batch.offsets[i] + std::min(row, length - 1);
      if (row < length) plan.places[packed_row] = static_cast<int32_t>(plan.grouped_rows.size());
      plan.grouped_rows.push_back(packed_row);
    }
  }
  return plan;
}

}  // namespace jammi::nn::torch
