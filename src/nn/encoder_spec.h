#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace jammi::nn {

/// Which tokens of its sequence a token attends to, and how it knows their places.
struct AttentionSpec {
  bool is_causal = false;  ///< no token sees a later one
  int64_t window = 0;      ///< a token sees those at most this far away; 0: however far
  double rotary_base = 0;  ///< queries and keys are rotated by their positions (RoPE); 0: they are not

  bool operator==(const AttentionSpec&) const = default;
};

/// A decoder that reads the same text as its encoder: its token i is token i - 1 of the text, its first one
/// is `start_id`. Its layers attend causally to themselves, then to all of the encoder's last hidden states,
/// and are as large as the encoder's. Its hidden states are those of the model.
struct DecoderSpec {
  static constexpr AttentionSpec kSelfAttention{.is_causal = true};
  static constexpr AttentionSpec kCrossAttention{};

  int64_t num_layers = 0;
  int64_t start_id = 0;
};

/// The arithmetic of a transformer encoder, independent of any checkpoint's names. One description serves
/// every family, readers of token ids and of images; a field exists only when the executors honour it.
struct EncoderSpec {
  enum class Activation { Gelu, GeluTanh, QuickGelu, Relu };  ///< Gelu is exact (erf)

  /// Post: each block's sum with the residual stream is normalised. Pre: each block's input is, and so is the
  /// stream after the last layer.
  enum class NormPlacement { Post, Pre };

  int64_t vocab_size = 0;  ///< 0: it reads images
  int64_t hidden_size = 0;
  int64_t num_layers = 0;
  int64_t num_heads = 0;
  int64_t intermediate_size = 0;
  int64_t max_positions = 0;    ///< positions the model knows: rows of its position table, if it has one
  int64_t position_offset = 0;  ///< position id of the first token (RoBERTa: padding_id + 1)
  int64_t padding_id = -1;      ///< a token with this id is not counted and has it as its position; -1: none
  int64_t type_vocab_size = 0;  ///< 0: no token types; otherwise type 0 is added to every token
  float norm_epsilon = 1e-12f;
  NormPlacement norm_placement = NormPlacement::Post;
  Activation activation = Activation::Gelu;
  /// The intermediate layer is twice as wide, and its activated first half is multiplied by the second.
  bool is_gated = false;
  /// Layer i attends as entry i modulo their number says.
  std::vector<AttentionSpec> attention{AttentionSpec{}};
  /// Scores depend on the distance between two tokens through a table of this many buckets, one half for each
  /// direction (MPNet); 0: they do not.
  int64_t relative_buckets = 0;
  int64_t relative_max_distance = 0;  ///< the last bucket of a direction begins here
  float embedding_scale = 1;          ///< word embeddings are multiplied by it
  std::optional<DecoderSpec> decoder = {};
  /// An encoder of images reads square RGB pictures of this many pixels a side. Its tokens are a class token
  /// and then the patches, row by row; pixels beyond the last whole patch are not seen.
  int64_t image_size = 0;
  int64_t patch_size = 0;  ///< pixels a side
  /// The final norm is that of the pooled vectors, not of the hidden states that are pooled.
  bool pools_before_final_norm = false;

  int64_t head_size() const { return hidden_size / num_heads; }
  /// Longest sequence in tokens that the positions allow.
  int64_t max_tokens() const { return max_positions - position_offset; }
  bool reads_images() const { return image_size > 0; }
  int64_t patches_per_side() const { return image_size / patch_size; }
  int64_t tokens_per_image() const { return 1 + patches_per_side() * patches_per_side(); }
  int64_t values_per_image() const { return 3 * image_size * image_size; }
  int64_t values_per_patch() const { return 3 * patch_size * patch_size; }
  const AttentionSpec& attention_of(size_t layer) const { return attention[layer % attention.size()]; }
};

// An empty name below means that the model has no such term: no bias, no norm, no table.

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

/// A decoder layer's attention to the encoder's last hidden states: four layers [hidden, hidden].
struct CrossAttentionNames {
  LinearNames query, key, value, output;
  NormNames norm;
};

struct LayerNames {
  /// Query, key and value: three layers [hidden, hidden], or one that stacks them [3 * hidden, hidden].
  std::vector<LinearNames> qkv;
  LinearNames attention_output;
  NormNames attention_norm;
  LinearNames intermediate, output;
  NormNames feed_forward_norm;
  /// Between the other two blocks of a decoder's layer.
  std::optional<CrossAttentionNames> cross_attention = {};
};

/// Where a checkpoint keeps each weight of an EncoderSpec.
struct WeightNames {
  std::string word_embeddings;        ///< [vocab_size, hidden]
  std::string patch_embedding;        ///< [hidden, 3, patch_size, patch_size], instead of words
  std::string class_embedding;        ///< [hidden]
  std::string position_embeddings;    ///< [max_positions, hidden]
  std::string token_type_embeddings;  ///< [type_vocab_size, hidden]
  std::string relative_bias;          ///< [relative_buckets, num_heads]
  NormNames embedding_norm;
  std::vector<LayerNames> layers;  ///< num_layers entries
  NormNames final_norm;            ///< of NormPlacement::Pre

  // Of EncoderSpec::decoder, whose word embeddings are the encoder's.
  std::string decoder_position_embeddings;  ///< [max_positions, hidden]
  NormNames decoder_embedding_norm;
  std::vector<LayerNames> decoder_layers;  ///< DecoderSpec::num_layers entries
};

/// Throws InvalidArgument (Model category) when sizes contradict each other or `names` does not fit `spec`.
void check_spec(const EncoderSpec& spec, const WeightNames& names);

}  // namespace jammi::nn
