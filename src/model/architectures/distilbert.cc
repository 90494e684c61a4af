#include "model/architectures/distilbert.h"

#include "model/architectures/reading.h"

namespace jammi::model {
namespace {

/// Published checkpoints have names of their own for the sizes; converted ones have BERT's.
SizeFields size_fields(const JsonFile& config) {
  SizeFields fields;
  if (config.has("dim")) fields.hidden_size = "dim";
  if (config.has("n_layers")) fields.num_layers = "n_layers";
  if (config.has("n_heads")) fields.num_heads = "n_heads";
  if (config.has("hidden_dim")) fields.intermediate_size = "hidden_dim";
  return fields;
}

nn::WeightNames name_weights(const nn::EncoderSpec& spec, const nn::TensorSource& weights) {
  const std::string prefix = find_prefix(weights, {"distilbert.", ""}, "embeddings.word_embeddings.weight");
  nn::WeightNames names;
  names.word_embeddings = prefix + "embeddings.word_embeddings.weight";
  names.position_embeddings = prefix + "embeddings.position_embeddings.weight";
  names.embedding_norm = norm_names(prefix + "embeddings.LayerNorm", weights);
  for (int64_t i = 0; i < spec.num_layers; ++i) {
    const std::string layer = prefix + "transformer.layer." + std::to_string(i);
    names.layers.push_back({
        .qkv = {linear_names(layer + ".attention.q_lin"), linear_names(layer + ".attention.k_lin"),
                linear_names(layer + ".attention.v_lin")},
        .attention_output = linear_names(layer + ".attention.out_lin"),
        .attention_norm = norm_names(layer + ".sa_layer_norm", weights),
        .intermediate = linear_names(layer + ".ffn.lin1"),
        .output = linear_names(layer + ".ffn.lin2"),
        .feed_forward_norm = norm_names(layer + ".output_layer_norm", weights),
    });
  }
  return names;
}

}  // namespace

Architecture read_distilbert(const JsonFile& config, const nn::TensorSource& weights) {
  Architecture distilbert;
  distilbert.spec = read_sizes(config, size_fields(config));
  distilbert.spec.max_positions = config.integer_or("max_position_embeddings", 1, kMaxPositions, 512);
  distilbert.spec.activation =
      read_activation(config, config.has("activation") ? "activation" : "hidden_act");
  distilbert.names = name_weights(distilbert.spec, weights);
  return distilbert;
}

}  // namespace jammi::model
