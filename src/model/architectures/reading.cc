#include "model/architectures/reading.h"

#include <jammi/error.h>

namespace jammi::model {

using Activation = nn::EncoderSpec::Activation;

nn::EncoderSpec read_sizes(const JsonFile& config, const SizeFields& fields) {
  nn::EncoderSpec spec;
  spec.vocab_size = config.integer("vocab_size", 1, kMaxVocabulary);
  spec.hidden_size = config.integer(fields.hidden_size, 1, kMaxWidth);
  spec.num_layers = config.integer(fields.num_layers, 1, kMaxLayers);
  spec.num_heads = config.integer(fields.num_heads, 1, spec.hidden_size);
  spec.intermediate_size = config.integer(fields.intermediate_size, 1, kMaxWidth);
  if (spec.hidden_size % spec.num_heads != 0) {
    config.fail("the hidden size is not a multiple of the number of heads", fields.num_heads);
  }
  return spec;
}

Activation read_activation(const JsonFile& config, std::string_view field) {
  const std::string word = config.string_or(field, "gelu");
  if (word == "gelu" || word == "gelu_python") return Activation::Gelu;
  if (word == "gelu_new" || word == "gelu_fast" || word == "gelu_pytorch_tanh") return Activation::GeluTanh;
  if (word == "quick_gelu") return Activation::QuickGelu;
  if (word == "relu") return Activation::Relu;
  refuse(config, "unsupported " + std::string(field), word);
}

void refuse(const JsonFile& config, std::string_view problem, std::string_view value) {
  throw Error(ErrorCode::Unsupported, ErrorCategory::Model,
              std::string(problem) + ": " + config.path().string() + ": " + std::string(value));
}

std::string find_prefix(const nn::TensorSource& weights, std::initializer_list<std::string_view> prefixes,
                        std::string_view tensor) {
  std::string prefix;
  for (std::string_view candidate : prefixes) {
    prefix = candidate;
    if (weights.find(prefix + std::string(tensor))) break;
  }
  return prefix;
}

nn::LinearNames linear_names(const std::string& stem, bool has_bias) {
  return {.weight = stem + ".weight", .bias = has_bias ? stem + ".bias" : ""};
}

nn::NormNames norm_names(const std::string& stem, const nn::TensorSource& weights) {
  const bool has_old_names = !weights.find(stem + ".weight") && weights.find(stem + ".gamma");
  if (has_old_names) return {.weight = stem + ".gamma", .bias = stem + ".beta"};
  return {.weight = stem + ".weight", .bias = stem + ".bias"};
}

}  // namespace jammi::model
