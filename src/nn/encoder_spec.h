#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace jammi::nn {

/// The arithmetic of a transformer encoder, independent of any checkpoint's names. One description serves
/// every family; a field exists only when the executors honour it.
struct EncoderSpec {
  enum class Activation { Gelu, GeluTanh, Relu };  ///< Gelu is exact (erf)

  int64_t vocab_size = 0;
  int64_t hidden_size = 0;
  int64_t num_layers = 0;
  int64_t num_heads = 0;
  int64_t intermediate_size = 0;
  int64_t max_positions = 0;    ///< rows of the learned position table
  int64_t position_offset = 0;  ///< position id of the first token (RoBERTa: padding_idx + 1)
  int64_t type_vocab_size = 0;  ///< 0: no token types; otherwise type 0 is added to every token
  float norm_epsilon = 1e-12f;
  Activation activation = Activation::Gelu;

  int64_t head_size() const { return hidden_size / num_heads; }
  /// Longest sequence in tokens that the position table allows.
  int64_t max_tokens() const { return max_positions - position_offset; }
};

/// Checkpoint names of a linear layer: weight [out, in], bias [out].
struct LinearNames {
  std::string weight;
  std::string bias;
};

/// Checkpoint names of a layer norm: both [hidden].
struct NormNames {
  std::string weight;
  std::string bias;
};

struct LayerNames {
  LinearNames query, key, value, attention_output;
  NormNames attention_norm;
  LinearNames intermediate, output;
  NormNames output_norm;
};

/// Where a checkpoint keeps each weight of an EncoderSpec.
struct WeightNames {
  std::string word_embeddings;        ///< [vocab_size, hidden]
  std::string position_embeddings;    ///< [max_positions, hidden]
  std::string token_type_embeddings;  ///< [type_vocab_size, hidden]; empty when there are none
  NormNames embedding_norm;
  std::vector<LayerNames> layers;  ///< num_layers entries
};

}  // namespace jammi::nn
