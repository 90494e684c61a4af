#include "model/architectures/bert.h"

#include "model/architectures/reading.h"

namespace jammi::model {
namespace {

void refuse_other_arithmetic(const JsonFile& config) {
  const std::string positions = config.string_or("position_embedding_type", "absolute");
  if (positions != "absolute") refuse(config, "unsupported position_embedding_type", positions);
  if (config.boolean_or("is_decoder", false)) refuse(config, "decoders are not supported", "is_decoder");
}

nn::EncoderSpec read_spec(const JsonFile& config, double default_epsilon) {
  refuse_other_arithmetic(config);
  nn::EncoderSpec spec = read_sizes(config);
  spec.max_positions = config.integer_or("max_position_embeddings", 1, kMaxPositions, 512);
  spec.type_vocab_size = config.integer_or("type_vocab_size", 1, kMaxVocabulary, 2);
  spec.norm_epsilon = static_cast<float>(config.number_or("layer_norm_eps", 0, 1, default_epsilon));
  spec.activation = read_activation(config, "hidden_act");
  return spec;
}

nn::WeightNames name_weights(const nn::EncoderSpec& spec, const nn::TensorSource& weights,
                             const std::string& prefix) {
  nn::WeightNames names;
  names.word_embeddings = prefix + "embeddings.word_embeddings.weight";
  names.position_embeddings = prefix + "embeddings.position_embeddings.weight";
  names.token_type_embeddings = prefix + "embeddings.token_type_embeddings.weight";
  names.embedding_norm = norm_names(prefix + "embeddings.LayerNorm", weights);
  for (int64_t i = 0; i < spec.num_layers; ++i) {
    const std::string layer = prefix + "encoder.layer." + std::to_string(i);
    names.layers.push_back({
        .qkv = {linear_names(layer + ".attention.self.query"), linear_names(layer + ".attention.self.key"),
                linear_names(layer + ".attention.self.value")},
        .attention_output = linear_names(layer + ".attention.output.dense"),
        .attention_norm = norm_names(layer + ".attention.output.LayerNorm", weights),
        .intermediate = linear_names(layer + ".intermediate.dense"),
        .output = linear_names(layer + ".output.dense"),
        .feed_forward_norm = norm_names(layer + ".output.LayerNorm", weights),
    });
  }
  return names;
}

constexpr std::string_view kProbe = "embeddings.word_embeddings.weight";

}  // namespace

Architecture read_bert(const JsonFile& config, const nn::TensorSource& weights) {
  Architecture bert;
  bert.spec = read_spec(config, 1e-12);
  bert.names = name_weights(bert.spec, weights, find_prefix(weights, {"bert.", ""}, kProbe));
  return bert;
}

Architecture read_roberta(const JsonFile& config, const nn::TensorSource& weights) {
  Architecture roberta;
  roberta.spec = read_spec(config, 1e-5);
  roberta.spec.padding_id = config.integer_or("pad_token_id", 0, roberta.spec.max_positions - 2, 1);
  roberta.spec.position_offset = roberta.spec.padding_id + 1;
  const std::string prefix = find_prefix(weights, {"roberta.", "xlm-roberta.", "camembert.", ""}, kProbe);
  roberta.names = name_weights(roberta.spec, weights, prefix);
  return roberta;
}

}  // namespace jammi::model
