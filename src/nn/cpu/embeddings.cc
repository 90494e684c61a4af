#include "nn/cpu/embeddings.h"

#include <algorithm>

#include "nn/cpu/layer_reader.h"
#include "nn/weights.h"

namespace jammi::nn::cpu {
namespace {

std::vector<float> read_words(const EncoderSpec& spec, const WeightNames& names, const TensorSource& source) {
  std::vector<float> words = read_weight(source, names.word_embeddings, {spec.vocab_size, spec.hidden_size});
  if (spec.embedding_scale != 1) {
    for (float& value : words) value *= spec.embedding_scale;
  }
  if (spec.type_vocab_size == 0) return words;
  const std::vector<float> types =
      read_weight(source, names.token_type_embeddings, {spec.type_vocab_size, spec.hidden_size});
  const auto width = static_cast<size_t>(spec.hidden_size);
  for (size_t i = 0; i < words.size(); ++i) words[i] += types[i % width];
  return words;
}

std::vector<float> read_positions(const EncoderSpec& spec, const std::string& name,
                                  const TensorSource& source) {
  if (name.empty()) return {};
  return read_weight(source, name, {spec.max_positions, spec.hidden_size});
}

}  // namespace

Embeddings::Embeddings(const EncoderSpec& spec, const WeightNames& names, const TensorSource& source)
    : width_(static_cast<size_t>(spec.hidden_size)),
      position_offset_(static_cast<size_t>(spec.position_offset)),
      padding_id_(spec.padding_id),
      words_(std::make_shared<const std::vector<float>>(read_words(spec, names, source))),
      positions_(read_positions(spec, names.position_embeddings, source)),
      norm_(read_norm(source, names.embedding_norm, spec.hidden_size)) {}

Embeddings::Embeddings(const Embeddings& encoder, const EncoderSpec& spec, const WeightNames& names,
                       const TensorSource& source)
    : width_(encoder.width_),
      position_offset_(encoder.position_offset_),
      padding_id_(encoder.padding_id_),
      words_(encoder.words_),
      positions_(read_positions(spec, names.decoder_position_embeddings, source)),
      norm_(read_norm(source, names.decoder_embedding_norm, spec.hidden_size)) {}

void Embeddings::look_up(const PackedBatchView& batch, float* hidden) const {
  for (size_t i = 0; i < batch.num_sequences(); ++i) {
    size_t next_position = position_offset_;
    for (int32_t token = batch.offsets[i]; token < batch.offsets[i + 1]; ++token, hidden += width_) {
      const size_t id = static_cast<size_t>(batch.token_ids[token]);
      std::copy_n(words_->data() + id * width_, width_, hidden);
      if (positions_.empty()) continue;
      const size_t position = batch.token_ids[token] == padding_id_ ? id : next_position++;
      const float* row = positions_.data() + position * width_;
      for (size_t j = 0; j < width_; ++j) hidden[j] += row[j];
    }
  }
}

}  // namespace jammi::nn::cpu
