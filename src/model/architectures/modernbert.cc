#include "model/architectures/modernbert.h"

#include <algorithm>
#include <utility>

#include "model/architectures/reading.h"

namespace jammi::model {
namespace {

constexpr double kGlobalBase = 160'000;
constexpr double kLocalBase = 10'000;
constexpr std::string_view kGlobal = "full_attention";
constexpr std::string_view kLocal = "sliding_attention";

/// The base of a kind of layer, in the newer spelling (rope_parameters.<kind>.rope_theta) or the older one.
double read_base(const JsonFile& config, std::string_view kind, std::string_view older, double fallback) {
  constexpr double kMaxBase = 1e12;
  const double base = config.number_or(older, 1, kMaxBase, fallback);
  if (config.has("rope_scaling")) refuse(config, "unsupported rotary scaling", "rope_scaling");
  if (!config.has("rope_parameters")) return base;
  const JsonFile parameters = config.object("rope_parameters");
  if (!parameters.has(kind)) return base;
  const JsonFile own = parameters.object(kind);
  const std::string type = own.string_or("rope_type", "default");
  if (type != "default") refuse(config, "unsupported rotary scaling", type);
  return own.number_or("rope_theta", 1, kMaxBase, base);
}

std::vector<nn::AttentionSpec> read_attention(const JsonFile& config, int64_t num_layers) {
  const nn::AttentionSpec global{.rotary_base = read_base(config, kGlobal, "global_rope_theta", kGlobalBase)};
  // A window of 128 reaches 64 tokens to each side.
  const nn::AttentionSpec local{.window = config.integer_or("local_attention", 2, kMaxPositions, 128) / 2,
                                .rotary_base = read_base(config, kLocal, "local_rope_theta", kLocalBase)};
  std::vector<nn::AttentionSpec> attention;
  if (config.has("layer_types")) {
    for (const std::string& type : config.strings("layer_types")) {
      if (type != kGlobal && type != kLocal) refuse(config, "unsupported layer type", type);
      attention.push_back(type == kGlobal ? global : local);
    }
    if (std::cmp_not_equal(attention.size(), num_layers)) {
      config.fail("not one entry for each layer", "layer_types");
    }
    return attention;
  }
  const int64_t period = config.integer_or("global_attn_every_n_layers", 1, kMaxLayers, 3);
  attention.assign(static_cast<size_t>(std::min(period, num_layers)), local);
  attention.front() = global;
  return attention;
}

nn::WeightNames name_weights(const nn::EncoderSpec& spec, const JsonFile& config,
                             const nn::TensorSource& weights) {
  const std::string prefix = find_prefix(weights, {"model.", ""}, "embeddings.tok_embeddings.weight");
  const bool has_norm_bias = config.boolean_or("norm_bias", false);
  const bool has_attention_bias = config.boolean_or("attention_bias", false);
  const bool has_mlp_bias = config.boolean_or("mlp_bias", false);
  const auto norm = [&](const std::string& stem) {
    return nn::NormNames{.weight = stem + ".weight", .bias = has_norm_bias ? stem + ".bias" : ""};
  };
  nn::WeightNames names;
  names.word_embeddings = prefix + "embeddings.tok_embeddings.weight";
  names.embedding_norm = norm(prefix + "embeddings.norm");
  names.final_norm = norm(prefix + "final_norm");
  for (int64_t i = 0; i < spec.num_layers; ++i) {
    const std::string layer = prefix + "layers." + std::to_string(i);
    names.layers.push_back({
        .qkv = {linear_names(layer + ".attn.Wqkv", has_attention_bias)},
        .attention_output = linear_names(layer + ".attn.Wo", has_attention_bias),
        // The first layer's input is normalised already; a checkpoint may hold an unused norm for it.
        .attention_norm = i == 0 ? nn::NormNames{} : norm(layer + ".attn_norm"),
        .intermediate = linear_names(layer + ".mlp.Wi", has_mlp_bias),
        .output = linear_names(layer + ".mlp.Wo", has_mlp_bias),
        .feed_forward_norm = norm(layer + ".mlp_norm"),
    });
  }
  return names;
}

}  // namespace

Architecture read_modernbert(const JsonFile& config, const nn::TensorSource& weights) {
  Architecture modernbert;
  nn::EncoderSpec& spec = modernbert.spec;
  spec = read_sizes(config);
  if (spec.head_size() % 2 != 0) config.fail("heads are not of an even size", "num_attention_heads");
  spec.max_positions = config.integer_or("max_position_embeddings", 1, kMaxPositions, 8192);
  const double older_epsilon = config.number_or("layer_norm_eps", 0, 1, 1e-5);
  spec.norm_epsilon = static_cast<float>(config.number_or("norm_eps", 0, 1, older_epsilon));
  spec.norm_placement = nn::EncoderSpec::NormPlacement::Pre;
  spec.activation = read_activation(config, "hidden_activation");
  spec.is_gated = true;
  spec.attention = read_attention(config, spec.num_layers);
  modernbert.names = name_weights(spec, config, weights);
  return modernbert;
}

}  // namespace jammi::model
