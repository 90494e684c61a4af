#include "nn/batch.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <jammi/error.h>

namespace jammi::nn {
namespace {

[[noreturn]] void throw_invalid(const std::string& message) {
  throw Error(ErrorCode::InvalidArgument, ErrorCategory::Inference, message);
}

/// The token of the sequence [begin, end) whose hidden state is its vector.
size_t pooled_token(const PackedBatchView& batch, size_t begin, size_t end, Pooling pooling) {
  if (pooling == Pooling::Last) return end - 1;
  if (pooling == Pooling::EndOfText) {
    const auto ids = batch.token_ids.subspan(begin, end - begin);
    return begin + static_cast<size_t>(std::ranges::max_element(ids) - ids.begin());
  }
  return begin;
}

bool takes_mean(Pooling pooling) {
  return pooling == Pooling::Mean || pooling == Pooling::MeanOfPatches;
}

}  // namespace

void check_batch(const EncoderSpec& spec, const PackedBatchView& batch) {
  if (spec.reads_images()) throw_invalid("the encoder reads images, not token ids");
  const size_t num_tokens = batch.num_tokens();
  if (batch.offsets.empty()
          ? num_tokens != 0
          : batch.offsets.front() != 0 || static_cast<size_t>(batch.offsets.back()) != num_tokens) {
    throw_invalid("Batch offsets must run from 0 to the number of tokens: " + std::to_string(num_tokens));
  }
  for (size_t i = 0; i < batch.num_sequences(); ++i) {
    const int64_t length = int64_t{batch.offsets[i + 1]} - batch.offsets[i];
    if (length < 1) throw_invalid("Sequence has no tokens: number " + std::to_string(i) + " of the batch");
    if (length > spec.max_tokens()) {
      throw_invalid("Sequence length " + std::to_string(length) +
                    " exceeds model's max_position_embeddings " + std::to_string(spec.max_tokens()));
    }
  }
  for (int32_t id : batch.token_ids) {
    if (id < 0 || id >= spec.vocab_size) {
      throw_invalid("Token id outside the vocabulary of " + std::to_string(spec.vocab_size) + ": " +
                    std::to_string(id));
    }
  }
}

std::vector<int32_t> shift_right(const PackedBatchView& batch, int64_t start_id) {
  std::vector<int32_t> ids(batch.token_ids.begin(), batch.token_ids.end());
  for (size_t i = 0; i < batch.num_sequences(); ++i) {
    const auto first = ids.begin() + batch.offsets[i];
    std::shift_right(first, ids.begin() + batch.offsets[i + 1], 1);
    *first = static_cast<int32_t>(start_id);
  }
  return ids;
}

size_t check_images(const EncoderSpec& spec, std::span<const float> pixels) {
  if (!spec.reads_images()) throw_invalid("the encoder reads token ids, not images");
  const auto values_per_image = static_cast<size_t>(spec.values_per_image());
  if (pixels.size() % values_per_image != 0) {
    throw_invalid("Images have " + std::to_string(values_per_image) +
                  " values each: " + std::to_string(pixels.size()));
  }
  return pixels.size() / values_per_image;
}

void check_output(std::span<const float> out, size_t expected_size) {
  if (out.size() != expected_size) {
    throw_invalid("Output must have " + std::to_string(expected_size) +
                  " values: " + std::to_string(out.size()));
  }
}

std::vector<int32_t> pooled_tokens(const PackedBatchView& batch, Pooling pooling) {
  std::vector<int32_t> tokens;
  if (takes_mean(pooling) || pooling == Pooling::Max) return tokens;
  for (size_t i = 0; i < batch.num_sequences(); ++i) {
    const auto begin = static_cast<size_t>(batch.offsets[i]);
    const auto end = static_cast<size_t>(batch.offsets[i + 1]);
    tokens.push_back(static_cast<int32_t>(pooled_token(batch, begin, end, pooling)));
  }
  return tokens;
}

void pool(const PackedBatchView& batch, std::span<const float> hidden_states, size_t width, Pooling pooling,
          std::span<float> out) {
  const std::vector<int32_t> tokens = pooled_tokens(batch, pooling);
  for (size_t i = 0; i < batch.num_sequences(); ++i) {
    const size_t begin = static_cast<size_t>(batch.offsets[i]) + (pooling == Pooling::MeanOfPatches ? 1 : 0);
    const size_t end = static_cast<size_t>(batch.offsets[i + 1]);
    const size_t first = tokens.empty() ? begin : static_cast<size_t>(tokens[i]);
    std::span<float> vector = out.subspan(i * width, width);
    std::ranges::copy(hidden_states.subspan(first * width, width), vector.begin());
    if (!tokens.empty()) continue;
    for (size_t token = begin + 1; token < end; ++token) {
      const float* row = hidden_states.data() + token * width;
      if (takes_mean(pooling)) {
        for (size_t j = 0; j < width; ++j) vector[j] += row[j];
      } else {
        for (size_t j = 0; j < width; ++j) vector[j] = std::max(vector[j], row[j]);
      }
    }
    if (takes_mean(pooling)) {
      const float length = static_cast<float>(end - begin);
      for (float& value : vector) value /= length;
    }
  }
}

void normalize_rows(std::span<float> rows, size_t width) {
  for (size_t begin = 0; begin < rows.size(); begin += width) {
    std::span<float> row = rows.subspan(begin, width);
    double square_sum = 0;
    for (float value : row) square_sum += double{value} * value;
    const float length = std::max(static_cast<float>(std::sqrt(square_sum)), 1e-12f);
    for (float& value : row) value /= length;
  }
}

}  // namespace jammi::nn
