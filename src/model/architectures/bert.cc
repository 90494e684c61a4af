#include "model/architectures/bert.h"

#include <string>
#include <string_view>

#include <jammi/error.h>

namespace jammi::model {
namespace {

// Far above any published encoder; they keep products of two sizes within 64 bits and memory within reach.
constexpr int64_t kMaxVocabulary = int64_t{1} << 24;
constexpr int64_t kMaxWidth = int64_t{1} << 16;
constexpr int64_t kMaxLayers = 1024;
constexpr int64_t kMaxPositions = int64_t{1} << 20;

nn::EncoderSpec::Activation read_activation(const JsonFile& config) {
  const std::string word = config.string_or("hidden_act", "gelu");
  if (word == "gelu" || word == "gelu_python") return nn::EncoderSpec::Activation::Gelu;
  if (word == "gelu_new" || word == "gelu_fast" || word == "gelu_pytorch_tanh") {
    return nn::EncoderSpec::Activation::GeluTanh;
  }
  if (word == "relu") return nn::EncoderSpec::Activation::Relu;
  throw Error(ErrorCode::Unsupported, ErrorCategory::Model,
              "unsupported hidden_act: " + config.path().string() + ": " + word);
}

void refuse_other_arithmetic(const JsonFile& config) {
  const std::string positions = config.string_or("position_embedding_type", "absolute");
  if (positions != "absolute") {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Model,
                "unsupported position_embedding_type: " + config.path().string() + ": " + positions);
  }
  if (config.boolean_or("is_decoder", false)) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Model,
                "decoders are not supported: " + config.path().string() + ": is_decoder");
  }
}

nn::EncoderSpec read_spec(const JsonFile& config) {
  refuse_other_arithmetic(config);
  nn::EncoderSpec spec;
  spec.vocab_size = config.integer("vocab_size", 1, kMaxVocabulary);
  spec.hidden_size = config.integer("hidden_size", 1, kMaxWidth);
  spec.num_layers = config.integer("num_hidden_layers", 1, kMaxLayers);
  spec.num_heads = config.integer("num_attention_heads", 1, spec.hidden_size);
  spec.intermediate_size = config.integer("intermediate_size", 1, kMaxWidth);
  spec.max_positions = config.integer_or("max_position_embeddings", 1, kMaxPositions, 512);
  spec.type_vocab_size = config.integer_or("type_vocab_size", 1, kMaxVocabulary, 2);
  spec.norm_epsilon = static_cast<float>(config.number_or("layer_norm_eps", 0, 1, 1e-12));
  spec.activation = read_activation(config);
  if (spec.hidden_size % spec.num_heads != 0) {
    config.fail("hidden_size is not a multiple of num_attention_heads", "num_attention_heads");
  }
  return spec;
}

nn::LinearNames linear(const std::string& stem) {
  return {stem + ".weight", stem + ".bias"};
}

nn::NormNames norm(const std::string& stem, const nn::TensorSource& weights) {
  if (!weights.find(stem + ".weight") && weights.find(stem + ".gamma"))
    return {stem + ".gamma", stem + ".beta"};
  return {stem + ".weight", stem + ".bias"};
}

nn::WeightNames name_weights(const nn::EncoderSpec& spec, const nn::TensorSource& weights) {
  const std::string prefix = weights.find("bert.embeddings.word_embeddings.weight") ? "bert." : "";
  nn::WeightNames names;
  names.word_embeddings = prefix + "embeddings.word_embeddings.weight";
  names.position_embeddings = prefix + "embeddings.position_embeddings.weight";
  names.token_type_embeddings = prefix + "embeddings.token_type_embeddings.weight";
  names.embedding_norm = norm(prefix + "embeddings.LayerNorm", weights);
  for (int64_t i = 0; i < spec.num_layers; ++i) {
    const std::string layer = prefix + "encoder.layer." + std::to_string(i);
    names.layers.push_back({
        .query = linear(layer + ".attention.self.query"),
        .key = linear(layer + ".attention.self.key"),
        .value = linear(layer + ".attention.self.value"),
        .attention_output = linear(layer + ".attention.output.dense"),
        .attention_norm = norm(layer + ".attention.output.LayerNorm", weights),
        .intermediate = linear(layer + ".intermediate.dense"),
        .output = linear(layer + ".output.dense"),
        .output_norm = norm(layer + ".output.LayerNorm", weights),
    });
  }
  return names;
}

}  // namespace

Architecture read_bert(const JsonFile& config, const nn::TensorSource& weights) {
  Architecture bert;
  bert.spec = read_spec(config);
  bert.names = name_weights(bert.spec, weights);
  return bert;
}

}  // namespace jammi::model
