#include "model/architectures/open_clip.h"

#include <algorithm>
#include <array>

#include "model/architectures/reading.h"

namespace jammi::model {
namespace {

constexpr int64_t kHeadWidth = 64;

/// Options of text_cfg that change the arithmetic and have no implementation.
constexpr std::array<std::string_view, 8> kOtherArithmetic{
    "hf_model_name", "no_causal_mask", "embed_cls",        "proj_bias",
    "act_kwargs",    "ls_init_value",  "attentional_pool", "norm_kwargs"};

void refuse_other_arithmetic(const JsonFile& text) {
  for (std::string_view option : kOtherArithmetic) {
    if (text.has(option) && !text.is_false(option)) refuse(text, "unsupported text_cfg option", option);
  }
  const std::string pooling = text.string_or("pool_type", "argmax");
  if (pooling != "argmax") refuse(text, "unsupported pool_type", pooling);
}

nn::EncoderSpec read_spec(const JsonFile& model, const JsonFile& text) {
  refuse_other_arithmetic(text);
  nn::EncoderSpec spec;
  spec.vocab_size = text.integer_or("vocab_size", 1, kMaxVocabulary, 49408);
  spec.hidden_size = text.integer("width", 1, kMaxWidth);
  spec.num_layers = text.integer("layers", 1, kMaxLayers);
  spec.num_heads = text.has("heads") ? text.integer("heads", 1, spec.hidden_size)
                                     : std::max(spec.hidden_size / kHeadWidth, int64_t{1});
  if (spec.hidden_size % spec.num_heads != 0) text.fail("width is not a multiple of heads", "width");
  const double mlp_ratio = text.number_or("mlp_ratio", 0.01, 64, 4);
  spec.intermediate_size = static_cast<int64_t>(static_cast<double>(spec.hidden_size) * mlp_ratio);
  spec.max_positions = text.integer_or("context_length", 1, kMaxPositions, 77);
  spec.norm_epsilon = 1e-5f;
  spec.norm_placement = nn::EncoderSpec::NormPlacement::Pre;
  spec.activation = model.boolean_or("quick_gelu", false) ? nn::EncoderSpec::Activation::QuickGelu
                                                          : nn::EncoderSpec::Activation::Gelu;
  spec.attention = {{.is_causal = true}};
  return spec;
}

nn::WeightNames name_weights(const nn::EncoderSpec& spec, const nn::TensorSource& weights,
                             const std::string& prefix) {
  nn::WeightNames names;
  names.word_embeddings = prefix + "token_embedding.weight";
  names.position_embeddings = prefix + "positional_embedding";
  names.final_norm = norm_names(prefix + "ln_final", weights);
  for (int64_t i = 0; i < spec.num_layers; ++i) {
    const std::string layer = prefix + "transformer.resblocks." + std::to_string(i);
    names.layers.push_back({
        .qkv = {{.weight = layer + ".attn.in_proj_weight", .bias = layer + ".attn.in_proj_bias"}},
        .attention_output = linear_names(layer + ".attn.out_proj"),
        .attention_norm = norm_names(layer + ".ln_1", weights),
        .intermediate = linear_names(layer + ".mlp.c_fc"),
        .output = linear_names(layer + ".mlp.c_proj"),
        .feed_forward_norm = norm_names(layer + ".ln_2", weights),
    });
  }
  return names;
}

}  // namespace

Architecture read_open_clip_text(const JsonFile& config, const nn::TensorSource& weights) {
  const JsonFile model = config.object("model_cfg");
  if (!model.has("text_cfg")) refuse(config, "the model has no text tower", "model_cfg.text_cfg");
  const std::string prefix = find_prefix(weights, {"text.", ""}, "token_embedding.weight");
  Architecture text;
  text.spec = read_spec(model, model.object("text_cfg"));
  text.names = name_weights(text.spec, weights, prefix);
  text.pooling = nn::Pooling::EndOfText;
  text.projection = {.weight = prefix + "text_projection",
                     .dimensions = model.integer("embed_dim", 1, kMaxWidth)};
  return text;
}

}  // namespace jammi::model
