#include "model/architectures/bart.h"

#include <cmath>

#include "model/architectures/reading.h"

namespace jammi::model {
namespace {

// The first rows of the position tables belong to no token.
constexpr int64_t kPositionOffset = 2;

nn::EncoderSpec read_spec(const JsonFile& config) {
  nn::EncoderSpec spec = read_sizes(config, {.hidden_size = "d_model",
                                             .num_layers = "encoder_layers",
                                             .num_heads = "encoder_attention_heads",
                                             .intermediate_size = "encoder_ffn_dim"});
  const auto check_equal = [&](std::string_view field, int64_t size) {
    if (config.integer(field, 1, kMaxWidth) != size) {
      refuse(config, "a decoder of other sizes than the encoder is not supported", field);
    }
  };
  check_equal("decoder_attention_heads", spec.num_heads);
  check_equal("decoder_ffn_dim", spec.intermediate_size);
  spec.max_positions = config.integer_or("max_position_embeddings", 1, kMaxPositions, 1024) + kPositionOffset;
  spec.position_offset = kPositionOffset;
  spec.norm_epsilon = 1e-5f;
  spec.activation = read_activation(config, "activation_function");
  if (config.boolean_or("scale_embedding", false)) {
    spec.embedding_scale = std::sqrt(static_cast<float>(spec.hidden_size));
  }
  spec.decoder =
      nn::DecoderSpec{.num_layers = config.integer("decoder_layers", 1, kMaxLayers),
                      .start_id = config.integer_or("decoder_start_token_id", 0, spec.vocab_size - 1, 2)};
  return spec;
}

/// The parts that layers of both stacks have; `stem` is "model.encoder.layers.0".
nn::LayerNames name_layer(const std::string& stem, const nn::TensorSource& weights) {
  return {.qkv = {linear_names(stem + ".self_attn.q_proj"), linear_names(stem + ".self_attn.k_proj"),
                  linear_names(stem + ".self_attn.v_proj")},
          .attention_output = linear_names(stem + ".self_attn.out_proj"),
          .attention_norm = norm_names(stem + ".self_attn_layer_norm", weights),
          .intermediate = linear_names(stem + ".fc1"),
          .output = linear_names(stem + ".fc2"),
          .feed_forward_norm = norm_names(stem + ".final_layer_norm", weights)};
}

nn::WeightNames name_weights(const nn::EncoderSpec& spec, const nn::TensorSource& weights) {
  const std::string prefix = find_prefix(weights, {"model.", ""}, "encoder.embed_positions.weight");
  nn::WeightNames names;
  // All word embeddings are one table, of which a checkpoint may keep any copy.
  names.word_embeddings =
      find_prefix(weights,
                  {prefix + "shared", prefix + "encoder.embed_tokens", prefix + "decoder.embed_tokens"},
                  ".weight") +
      ".weight";
  names.position_embeddings = prefix + "encoder.embed_positions.weight";
  names.embedding_norm = norm_names(prefix + "encoder.layernorm_embedding", weights);
  for (int64_t i = 0; i < spec.num_layers; ++i) {
    names.layers.push_back(name_layer(prefix + "encoder.layers." + std::to_string(i), weights));
  }
  names.decoder_position_embeddings = prefix + "decoder.embed_positions.weight";
  names.decoder_embedding_norm = norm_names(prefix + "decoder.layernorm_embedding", weights);
  for (int64_t i = 0; i < spec.decoder->num_layers; ++i) {
    const std::string stem = prefix + "decoder.layers." + std::to_string(i);
    nn::LayerNames& layer = names.decoder_layers.emplace_back(name_layer(stem, weights));
    layer.cross_attention = {.query = linear_names(stem + ".encoder_attn.q_proj"),
                             .key = linear_names(stem + ".encoder_attn.k_proj"),
                             .value = linear_names(stem + ".encoder_attn.v_proj"),
                             .output = linear_names(stem + ".encoder_attn.out_proj"),
                             .norm = norm_names(stem + ".encoder_attn_layer_norm", weights)};
  }
  return names;
}

}  // namespace

Architecture read_bart(const JsonFile& config, const nn::TensorSource& weights) {
  Architecture bart;
  bart.spec = read_spec(config);
  bart.names = name_weights(bart.spec, weights);
  return bart;
}

}  // namespace jammi::model
