#include "model/architectures/open_clip.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "model/architectures/reading.h"

namespace jammi::model {
namespace {

constexpr int64_t kHeadWidth = 64;

/// Options of text_cfg that change the arithmetic and have no implementation.
constexpr std::array<std::string_view, 8> kOtherTextArithmetic{
    "hf_model_name", "no_causal_mask", "embed_cls",        "proj_bias",
    "act_kwargs",    "ls_init_value",  "attentional_pool", "norm_kwargs"};

/// The same of vision_cfg.
constexpr std::array<std::string_view, 8> kOtherVisionArithmetic{
    "timm_model_name",    "ls_init_value", "attentional_pool", "input_patchnorm",
    "scaled_cosine_attn", "scale_heads",   "act_kwargs",       "norm_kwargs"};

void refuse_options(const JsonFile& tower, std::string_view name, std::span<const std::string_view> options) {
  for (std::string_view option : options) {
    if (tower.has(option) && !tower.is_false(option)) {
      refuse(tower, "unsupported " + std::string(name) + " option", option);
    }
  }
}

/// What both towers describe in the same words.
nn::EncoderSpec read_transformer(const JsonFile& model, const JsonFile& tower) {
  nn::EncoderSpec spec;
  spec.hidden_size = tower.integer("width", 1, kMaxWidth);
  spec.num_layers = tower.integer("layers", 1, kMaxLayers);
  const double mlp_ratio = tower.number_or("mlp_ratio", 0.01, 64, 4);
  spec.intermediate_size = static_cast<int64_t>(static_cast<double>(spec.hidden_size) * mlp_ratio);
  spec.norm_epsilon = 1e-5f;
  spec.norm_placement = nn::EncoderSpec::NormPlacement::Pre;
  spec.activation = model.boolean_or("quick_gelu", false) ? nn::EncoderSpec::Activation::QuickGelu
                                                          : nn::EncoderSpec::Activation::Gelu;
  return spec;
}

void set_heads(nn::EncoderSpec& spec, int64_t num_heads, const JsonFile& tower) {
  spec.num_heads = num_heads;
  if (spec.hidden_size % num_heads != 0) tower.fail("width is not a multiple of heads", "width");
}

nn::EncoderSpec read_text_spec(const JsonFile& model, const JsonFile& text) {
  refuse_options(text, "text_cfg", kOtherTextArithmetic);
  const std::string pooling = text.string_or("pool_type", "argmax");
  if (pooling != "argmax") refuse(text, "unsupported pool_type", pooling);
  nn::EncoderSpec spec = read_transformer(model, text);
  set_heads(spec,
            text.has("heads") ? text.integer("heads", 1, spec.hidden_size)
                              : std::max(spec.hidden_size / kHeadWidth, int64_t{1}),
            text);
  spec.vocab_size = text.integer_or("vocab_size", 1, kMaxVocabulary, 49408);
  spec.max_positions = text.integer_or("context_length", 1, kMaxPositions, 77);
  spec.attention = {{.is_causal = true}};
  return spec;
}

nn::EncoderSpec read_vision_spec(const JsonFile& model, const JsonFile& vision) {
  refuse_options(vision, "vision_cfg", kOtherVisionArithmetic);
  const std::string positions = vision.string_or("pos_embed_type", "learnable");
  if (positions != "learnable") refuse(vision, "unsupported pos_embed_type", positions);
  nn::EncoderSpec spec = read_transformer(model, vision);
  const int64_t head_width = vision.integer_or("head_width", 1, kMaxWidth, kHeadWidth);
  set_heads(spec, std::max(spec.hidden_size / head_width, int64_t{1}), vision);
  spec.image_size = vision.integer_or("image_size", 1, kMaxImageSize, 224);
  spec.patch_size = vision.integer_or("patch_size", 1, spec.image_size, 32);
  spec.max_positions = spec.tokens_per_image();
  return spec;
}

std::vector<nn::LayerNames> name_layers(const nn::EncoderSpec& spec, const nn::TensorSource& weights,
                                        const std::string& prefix) {
  std::vector<nn::LayerNames> layers;
  for (int64_t i = 0; i < spec.num_layers; ++i) {
    const std::string layer = prefix + "transformer.resblocks." + std::to_string(i);
    layers.push_back({
        .qkv = {{.weight = layer + ".attn.in_proj_weight", .bias = layer + ".attn.in_proj_bias"}},
        .attention_output = linear_names(layer + ".attn.out_proj"),
        .attention_norm = norm_names(layer + ".ln_1", weights),
        .intermediate = linear_names(layer + ".mlp.c_fc"),
        .output = linear_names(layer + ".mlp.c_proj"),
        .feed_forward_norm = norm_names(layer + ".ln_2", weights),
    });
  }
  return layers;
}

/// How a vision tower pools. Older configurations name the mean with a flag, which then comes before the
/// final norm; newer ones say where the norm is.
nn::Pooling read_vision_pooling(const JsonFile& vision, nn::EncoderSpec& spec) {
  if (vision.boolean_or("global_average_pool", false)) {
    spec.pools_before_final_norm = true;
    return nn::Pooling::MeanOfPatches;
  }
  spec.pools_before_final_norm = vision.boolean_or("final_ln_after_pool", false);
  const std::string pooling = vision.string_or("pool_type", "tok");
  if (pooling == "tok") return nn::Pooling::Cls;
  if (pooling == "avg") return nn::Pooling::MeanOfPatches;
  refuse(vision, "unsupported pool_type", pooling);
}

std::array<float, 3> read_colour(const JsonFile& preprocessing, std::string_view field, double least,
                                 const std::array<float, 3>& fallback) {
  if (!preprocessing.has(field)) return fallback;
  const std::vector<double> numbers = preprocessing.numbers(field, least, 1e3);
  if (numbers.size() != 3) preprocessing.fail("not a number for each of red, green and blue", field);
  return {static_cast<float>(numbers[0]), static_cast<float>(numbers[1]), static_cast<float>(numbers[2])};
}

}  // namespace

Architecture read_open_clip_text(const JsonFile& config, const nn::TensorSource& weights) {
  const JsonFile model = config.object("model_cfg");
  if (!model.has("text_cfg")) refuse(config, "the model has no text tower", "model_cfg.text_cfg");
  const std::string prefix = find_prefix(weights, {"text.", ""}, "token_embedding.weight");
  Architecture text;
  text.spec = read_text_spec(model, model.object("text_cfg"));
  text.names.word_embeddings = prefix + "token_embedding.weight";
  text.names.position_embeddings = prefix + "positional_embedding";
  text.names.layers = name_layers(text.spec, weights, prefix);
  text.names.final_norm = norm_names(prefix + "ln_final", weights);
  text.pooling = nn::Pooling::EndOfText;
  text.projection = {.weight = prefix + "text_projection",
                     .dimensions = model.integer("embed_dim", 1, kMaxWidth)};
  return text;
}

Architecture read_open_clip_vision(const JsonFile& config, const nn::TensorSource& weights) {
  if (!config.has("model_cfg") || !config.object("model_cfg").has("vision_cfg")) {
    refuse(config, "the model has no vision tower", "model_cfg.vision_cfg");
  }
  const JsonFile model = config.object("model_cfg");
  const JsonFile tower = model.object("vision_cfg");
  const std::string prefix = "visual.";
  Architecture vision;
  vision.spec = read_vision_spec(model, tower);
  vision.names.patch_embedding = prefix + "conv1.weight";
  vision.names.class_embedding = prefix + "class_embedding";
  vision.names.position_embeddings = prefix + "positional_embedding";
  if (!tower.boolean_or("no_ln_pre", false)) {
    vision.names.embedding_norm = norm_names(prefix + "ln_pre", weights);
  }
  vision.names.layers = name_layers(vision.spec, weights, prefix);
  vision.names.final_norm = norm_names(prefix + "ln_post", weights);
  vision.pooling = read_vision_pooling(tower, vision.spec);
  vision.projection = {.weight = prefix + "proj", .dimensions = model.integer("embed_dim", 1, kMaxWidth)};
  return vision;
}

image::Preprocessing read_open_clip_preprocessing(const JsonFile& config, const nn::EncoderSpec& vision) {
  image::Preprocessing preprocessing;
  preprocessing.size = static_cast<size_t>(vision.image_size);
  if (!config.has("preprocess_cfg")) return preprocessing;
  const JsonFile written = config.object("preprocess_cfg");
  preprocessing.mean = read_colour(written, "mean", -1e3, preprocessing.mean);
  preprocessing.deviation = read_colour(written, "std", 1e-6, preprocessing.deviation);
  return preprocessing;
}

}  // namespace jammi::model
