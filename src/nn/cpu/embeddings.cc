#include "nn/cpu/embeddings.h"

#include <algorithm>

#include "nn/cpu/layer_reader.h"
#include "nn/weights.h"

namespace jammi::nn::cpu {

Embeddings::Embeddings(const EncoderSpec& spec, const WeightNames& names, const TensorSource& source)
    : width_(static_cast<size_t>(spec.hidden_size)),
      position_offset_(static_cast<size_t>(spec.position_offset)),
      padding_id_(spec.padding_id),
      words_(read_weight(source, names.word_embeddings, {spec.vocab_size, spec.hidden_size})),
      norm_(read_norm(source, names.embedding_norm, spec.hidden_size)) {
  if (!names.position_embeddings.empty()) {
    positions_ = read_weight(source, names.position_embeddings, {spec.max_positions, spec.hidden_size});
  }
  if (spec.type_vocab_size == 0) return;
  const std::vector<float> types =
      read_weight(source, names.token_type_embeddings, {spec.type_vocab_size, spec.hidden_size});
  for (size_t i = 0; i < words_.size(); ++i) words_[i] += types[i % width_];
}

void Embeddings::look_up(const PackedBatchView& batch, float* hidden) const {
  for (size_t i = 0; i < batch.num_sequences(); ++i) {
    size_t next_position = position_offset_;
    for (int32_t token = batch.offsets[i]; token < batch.offsets[i + 1]; ++token, hidden += width_) {
      const size_t id = static_cast<size_t>(batch.token_ids[token]);
      std::copy_n(words_.data() + id * width_, width_, hidden);
      if (positions_.empty()) continue;
      const size_t position = batch.token_ids[token] == padding_id_ ? id : next_position++;
      const float* row = positions_.data() + position * width_;
      for (size_t j = 0; j < width_; ++j) hidden[j] += row[j];
    }
  }
}

}  // namespace jammi::nn::cpu
