#include "model/architectures/architecture.h"

#include <set>

#include <gtest/gtest.h>

#include "base/testing.h"
#include "model/architectures/open_clip.h"
#include "model/testing.h"

namespace jammi::model {
namespace {

using ::jammi::testing::TemporaryDirectory;

/// Tensor names without contents: architecture readers look at nothing else.
class NamesOnly final : public nn::TensorSource {
 public:
  explicit NamesOnly(std::set<std::string, std::less<>> names = {}) : names_(std::move(names)) {}
  std::optional<nn::TensorView> find(std::string_view name) const override {
    if (!names_.contains(name)) return std::nullopt;
    return nn::TensorView{};
  }
  std::string description() const override { return "test"; }

 private:
  std::set<std::string, std::less<>> names_;
};

class ArchitectureTest : public ::testing::Test {
 protected:
  ArchitectureTest() { testing::copy_tiny_bert(directory_.path()); }

  Architecture read(const nn::TensorSource& weights = NamesOnly()) const {
    return read_architecture(JsonFile::read(config_), weights);
  }
  void edit(std::string_view before, std::string_view after) { testing::edit_file(config_, before, after); }

  TemporaryDirectory directory_;
  std::filesystem::path config_ = directory_.path() / "config.json";
};

TEST_F(ArchitectureTest, bert_configuration_becomes_the_encoder_s_description) {
  nn::EncoderSpec spec = read().spec;
  EXPECT_EQ(spec.vocab_size, 596);
  EXPECT_EQ(spec.hidden_size, 32);
  EXPECT_EQ(spec.num_layers, 2);
  EXPECT_EQ(spec.num_heads, 4);
  EXPECT_EQ(spec.intermediate_size, 64);
  EXPECT_EQ(spec.max_tokens(), 128);
  EXPECT_EQ(spec.type_vocab_size, 2);
  EXPECT_EQ(spec.norm_epsilon, 1e-12f);
  EXPECT_EQ(spec.activation, nn::EncoderSpec::Activation::Gelu);
}

TEST_F(ArchitectureTest, a_configuration_without_model_type_is_bert) {
  edit(R"("model_type": "bert",)", "");
  EXPECT_EQ(read().spec.hidden_size, 32);
}

TEST_F(ArchitectureTest, weights_are_found_at_the_root_or_under_the_prefix) {
  EXPECT_EQ(read().names.layers.at(1).qkv.at(0).weight, "encoder.layer.1.attention.self.query.weight");
  NamesOnly prefixed({"bert.embeddings.word_embeddings.weight"});
  Architecture bert = read(prefixed);
  EXPECT_EQ(bert.names.word_embeddings, "bert.embeddings.word_embeddings.weight");
  EXPECT_EQ(bert.names.layers.at(0).output.bias, "bert.encoder.layer.0.output.dense.bias");
  EXPECT_EQ(bert.names.layers.size(), 2u);
}

TEST_F(ArchitectureTest, norms_may_have_the_older_names) {
  NamesOnly old_names({"embeddings.LayerNorm.gamma"});
  Architecture bert = read(old_names);
  EXPECT_EQ(bert.names.embedding_norm.weight, "embeddings.LayerNorm.gamma");
  EXPECT_EQ(bert.names.embedding_norm.bias, "embeddings.LayerNorm.beta");
  EXPECT_EQ(bert.names.layers.at(0).attention_norm.weight,
            "encoder.layer.0.attention.output.LayerNorm.weight");
}

TEST_F(ArchitectureTest, activation_words_are_honoured) {
  edit(R"("gelu")", R"("gelu_new")");
  EXPECT_EQ(read().spec.activation, nn::EncoderSpec::Activation::GeluTanh);
  edit(R"("gelu_new")", R"("relu")");
  EXPECT_EQ(read().spec.activation, nn::EncoderSpec::Activation::Relu);
  edit(R"("relu")", R"("swish")");
  EXPECT_ERROR(ErrorCode::Unsupported, "unsupported hidden_act: " + config_.string() + ": swish", read());
}

constexpr char kBart[] = R"({"model_type": "bart", "vocab_size": 99, "d_model": 16, "encoder_layers": 2,
  "decoder_layers": 3, "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 20,
  "decoder_ffn_dim": 20, "max_position_embeddings": 60, "activation_function": "relu", "scale_embedding": true,
  "decoder_start_token_id": 7})";

TEST_F(ArchitectureTest, bart_is_an_encoder_with_a_decoder_over_the_same_words) {
  testing::write_file(config_, kBart);
  const Architecture bart = read(NamesOnly({"model.encoder.embed_positions.weight", "model.shared.weight"}));
  EXPECT_EQ(bart.spec.max_tokens(), 60);
  EXPECT_EQ(bart.spec.max_positions, 62);
  EXPECT_EQ(bart.spec.embedding_scale, 4);
  EXPECT_EQ(bart.spec.activation, nn::EncoderSpec::Activation::Relu);
  EXPECT_EQ(bart.spec.decoder->num_layers, 3);
  EXPECT_EQ(bart.spec.decoder->start_id, 7);
  EXPECT_EQ(bart.names.word_embeddings, "model.shared.weight");
  EXPECT_EQ(bart.names.layers.size(), 2u);
  EXPECT_FALSE(bart.names.layers[1].cross_attention.has_value());
  EXPECT_EQ(bart.names.decoder_layers.at(2).cross_attention->key.weight,
            "model.decoder.layers.2.encoder_attn.k_proj.weight");
  EXPECT_EQ(bart.names.decoder_layers.at(0).feed_forward_norm.bias,
            "model.decoder.layers.0.final_layer_norm.bias");
  EXPECT_EQ(read(NamesOnly({"decoder.embed_tokens.weight"})).names.word_embeddings,
            "decoder.embed_tokens.weight");
}

TEST_F(ArchitectureTest, a_bart_decoder_of_other_sizes_is_refused) {
  testing::write_file(config_, kBart);
  edit(R"("decoder_ffn_dim": 20)", R"("decoder_ffn_dim": 24)");
  EXPECT_ERROR(ErrorCode::Unsupported, "a decoder of other sizes than the encoder is not supported", read());
}

TEST_F(ArchitectureTest, other_architectures_are_refused_with_the_supported_ones) {
  edit(R"("model_type": "bert")", R"("model_type": "gpt2")");
  EXPECT_ERROR(ErrorCode::Unsupported,
               "Unsupported model architecture 'gpt2'. Supported: bert, roberta, distilbert, camembert, "
               "xlm-roberta, modernbert, mpnet, bart",
               read());
}

TEST_F(ArchitectureTest, arithmetic_without_an_implementation_is_refused) {
  edit(R"("pad_token_id": 0)", R"("position_embedding_type": "relative_key")");
  EXPECT_ERROR(ErrorCode::Unsupported, "unsupported position_embedding_type", read());
  edit(R"("position_embedding_type": "relative_key")", R"("is_decoder": true)");
  EXPECT_ERROR(ErrorCode::Unsupported, "decoders are not supported", read());
}

TEST_F(ArchitectureTest, impossible_sizes_are_refused_by_field) {
  const std::vector<std::array<const char*, 3>> edits = {
      {R"("vocab_size": 596)", R"("vocab_size": 0)", "vocab_size"},
      {R"("hidden_size": 32)", R"("hidden_size": -32)", "hidden_size"},
      {R"("hidden_size": 32)", R"("hidden_size": 1000000000000)", "hidden_size"},
      {R"("num_hidden_layers": 2)", R"("num_hidden_layers": 1e9)", "num_hidden_layers"},
      {R"("num_hidden_layers": 2)", R"("num_hidden_layers": "2")", "num_hidden_layers"},
      {R"("num_attention_heads": 4)", R"("num_attention_heads": 5)", "num_attention_heads"},
      {R"("intermediate_size": 64,)", "", "intermediate_size"},
      {R"("type_vocab_size": 2)", R"("type_vocab_size": 0)", "type_vocab_size"},
      {R"("layer_norm_eps": 1e-12)", R"("layer_norm_eps": -1)", "layer_norm_eps"},
  };
  for (const auto& [before, after, field] : edits) {
    edit(before, after);
    EXPECT_ERROR(ErrorCode::DataCorruption, config_.string() + ": " + field, read());
    std::filesystem::copy_file(testing::tiny_bert() / "config.json", config_,
                               std::filesystem::copy_options::overwrite_existing);
  }
}

/// Reads a configuration written out in full.
Architecture read_text(std::string_view config, const nn::TensorSource& weights = NamesOnly()) {
  TemporaryDirectory directory;
  const auto path = directory.path() / "config.json";
  testing::write_file(path, config);
  return read_architecture(JsonFile::read(path), weights);
}

constexpr std::string_view kSizes =
    R"("vocab_size":50,"hidden_size":24,"num_hidden_layers":5,"num_attention_heads":3,"intermediate_size":40)";

std::string config_of(std::string_view model_type, std::string_view more = "") {
  return R"({"model_type":")" + std::string(model_type) + "\"," + std::string(kSizes) + std::string(more) +
         "}";
}

TEST(Roberta, positions_begin_behind_the_padding_id_for_every_relative) {
  for (const char* type : {"roberta", "camembert", "xlm-roberta"}) {
    const Architecture roberta =
        read_text(config_of(type, R"(,"max_position_embeddings":514,"type_vocab_size":1)"));
    EXPECT_EQ(roberta.spec.padding_id, 1);
    EXPECT_EQ(roberta.spec.position_offset, 2);
    EXPECT_EQ(roberta.spec.max_tokens(), 512);
    EXPECT_EQ(roberta.spec.norm_epsilon, 1e-5f);
    EXPECT_EQ(roberta.spec.type_vocab_size, 1);
  }
  EXPECT_EQ(read_text(config_of("roberta", R"(,"pad_token_id":4)")).spec.position_offset, 5);
  EXPECT_ERROR(ErrorCode::DataCorruption, "pad_token_id",
               read_text(config_of("roberta", R"(,"pad_token_id":511)")));
}

TEST(Roberta, weights_are_found_under_any_of_its_prefixes) {
  for (const char* prefix : {"", "roberta.", "xlm-roberta.", "camembert."}) {
    const std::string embeddings = std::string(prefix) + "embeddings.word_embeddings.weight";
    EXPECT_EQ(read_text(config_of("roberta"), NamesOnly({embeddings})).names.word_embeddings, embeddings);
  }
}

TEST(DistilBert, sizes_have_names_of_their_own_or_bert_s) {
  const Architecture own = read_text(
      R"({"model_type":"distilbert","vocab_size":50,"dim":24,"n_layers":2,"n_heads":3,"hidden_dim":40,)"
      R"("activation":"relu"})");
  EXPECT_EQ(own.spec.hidden_size, 24);
  EXPECT_EQ(own.spec.num_layers, 2);
  EXPECT_EQ(own.spec.num_heads, 3);
  EXPECT_EQ(own.spec.intermediate_size, 40);
  EXPECT_EQ(own.spec.activation, nn::EncoderSpec::Activation::Relu);
  EXPECT_EQ(own.spec.type_vocab_size, 0);
  EXPECT_EQ(own.names.layers.at(1).qkv.at(2).bias, "transformer.layer.1.attention.v_lin.bias");
  EXPECT_EQ(read_text(config_of("distilbert")).spec.num_layers, 5);
}

TEST(MpNet, scores_depend_on_distance) {
  const Architecture mpnet = read_text(config_of("mpnet", R"(,"max_position_embeddings":514)"));
  EXPECT_EQ(mpnet.spec.relative_buckets, 32);
  EXPECT_EQ(mpnet.spec.relative_max_distance, 128);
  EXPECT_EQ(mpnet.spec.max_tokens(), 512);
  EXPECT_EQ(mpnet.spec.padding_id, 1);
  EXPECT_EQ(mpnet.names.relative_bias, "encoder.relative_attention_bias.weight");
  EXPECT_ERROR(ErrorCode::DataCorruption, "relative_attention_num_buckets",
               read_text(config_of("mpnet", R"(,"relative_attention_num_buckets":64)")));
}

TEST(ModernBert, every_third_layer_is_global_unless_said_otherwise) {
  const nn::AttentionSpec global{.rotary_base = 160'000};
  const nn::AttentionSpec local{.window = 64, .rotary_base = 10'000};
  const Architecture usual = read_text(config_of("modernbert"));
  for (size_t layer = 0; layer < 5; ++layer) {
    EXPECT_EQ(usual.spec.attention_of(layer), layer % 3 == 0 ? global : local) << layer;
  }
  EXPECT_TRUE(usual.spec.is_gated);
  EXPECT_EQ(usual.spec.max_tokens(), 8192);
  EXPECT_EQ(usual.spec.norm_placement, nn::EncoderSpec::NormPlacement::Pre);

  const Architecture older = read_text(config_of(
      "modernbert",
      R"(,"global_attn_every_n_layers":1,"global_rope_theta":7.0,"local_rope_theta":8,"local_attention":10)"));
  EXPECT_EQ(older.spec.attention_of(1), (nn::AttentionSpec{.rotary_base = 7}));

  const Architecture newer = read_text(config_of(
      "modernbert",
      R"(,"local_attention":10,"layer_types":["sliding_attention","full_attention","full_attention",)"
      R"("full_attention","sliding_attention"],"rope_parameters":{"full_attention":{"rope_theta":7},)"
      R"("sliding_attention":{"rope_type":"default","rope_theta":8}})"));
  EXPECT_EQ(newer.spec.attention_of(0), (nn::AttentionSpec{.window = 5, .rotary_base = 8}));
  EXPECT_EQ(newer.spec.attention_of(3), (nn::AttentionSpec{.rotary_base = 7}));
}

TEST(ModernBert, the_first_attention_norm_and_biases_that_are_off_have_no_names) {
  const Architecture usual =
      read_text(config_of("modernbert"), NamesOnly({"model.embeddings.tok_embeddings.weight"}));
  EXPECT_EQ(usual.names.position_embeddings, "");
  EXPECT_EQ(usual.names.layers.at(0).attention_norm.weight, "");
  EXPECT_EQ(usual.names.layers.at(1).attention_norm.weight, "model.layers.1.attn_norm.weight");
  EXPECT_EQ(usual.names.layers.at(1).attention_norm.bias, "");
  EXPECT_EQ(usual.names.layers.at(1).qkv.at(0).bias, "");
  EXPECT_EQ(usual.names.layers.at(1).intermediate.bias, "");
  const Architecture biased =
      read_text(config_of("modernbert", R"(,"norm_bias":true,"attention_bias":true,"mlp_bias":true)"));
  EXPECT_EQ(biased.names.final_norm.bias, "final_norm.bias");
  EXPECT_EQ(biased.names.layers.at(0).qkv.at(0).bias, "layers.0.attn.Wqkv.bias");
  EXPECT_EQ(biased.names.layers.at(0).output.bias, "layers.0.mlp.Wo.bias");
}

TEST(ModernBert, rotary_arithmetic_without_an_implementation_is_refused) {
  EXPECT_ERROR(ErrorCode::Unsupported, "unsupported rotary scaling",
               read_text(config_of("modernbert", R"(,"rope_scaling":{"rope_type":"yarn"})")));
  EXPECT_ERROR(
      ErrorCode::Unsupported, "unsupported rotary scaling: ",
      read_text(config_of("modernbert", R"(,"rope_parameters":{"full_attention":{"rope_type":"yarn"}})")));
  EXPECT_ERROR(ErrorCode::Unsupported, "unsupported layer type: ",
               read_text(config_of("modernbert", R"(,"layer_types":["linear_attention"])")));
  EXPECT_ERROR(ErrorCode::DataCorruption, "layer_types",
               read_text(config_of("modernbert", R"(,"layer_types":["full_attention"])")));
  EXPECT_ERROR(
      ErrorCode::DataCorruption, "heads are not of an even size",
      read_text(R"({"model_type":"modernbert","vocab_size":50,"hidden_size":9,"num_hidden_layers":1,)"
                R"("num_attention_heads":3,"intermediate_size":4})"));
}

std::string open_clip(std::string_view text, std::string_view more = "") {
  return R"({"model_cfg":{"embed_dim":16,"vision_cfg":{},"text_cfg":{)" + std::string(text) + "}" +
         std::string(more) + R"(},"preprocess_cfg":{}})";
}

TEST(OpenClip, the_text_tower_is_causal_and_projected) {
  const Architecture text =
      read_text(open_clip(R"("context_length":20,"vocab_size":60,"width":128,"layers":2)"), NamesOnly());
  EXPECT_EQ(text.spec.max_tokens(), 20);
  EXPECT_EQ(text.spec.num_heads, 2);
  EXPECT_EQ(text.spec.intermediate_size, 512);
  EXPECT_EQ(text.spec.activation, nn::EncoderSpec::Activation::Gelu);
  EXPECT_EQ(text.spec.attention, (std::vector<nn::AttentionSpec>{{.is_causal = true}}));
  EXPECT_EQ(text.pooling, nn::Pooling::EndOfText);
  EXPECT_EQ(text.projection.value().weight, "text_projection");
  EXPECT_EQ(text.projection.value().dimensions, 16);
  EXPECT_EQ(text.names.layers.at(1).qkv.at(0).bias, "transformer.resblocks.1.attn.in_proj_bias");
  const Architecture quick =
      read_text(open_clip(R"("width":96,"layers":1,"heads":3)", R"(,"quick_gelu":true)"),
                NamesOnly({"text.token_embedding.weight"}));
  EXPECT_EQ(quick.spec.activation, nn::EncoderSpec::Activation::QuickGelu);
  EXPECT_EQ(quick.spec.num_heads, 3);
  EXPECT_EQ(quick.spec.max_tokens(), 77);
  EXPECT_EQ(quick.names.final_norm.weight, "text.ln_final.weight");
}

TEST(OpenClip, text_towers_without_an_implementation_are_refused) {
  EXPECT_ERROR(ErrorCode::Unsupported, "unsupported text_cfg option: ",
               read_text(open_clip(R"("width":64,"layers":1,"hf_model_name":"roberta-base")")));
  EXPECT_ERROR(ErrorCode::Unsupported, "unsupported pool_type: ",
               read_text(open_clip(R"("width":64,"layers":1,"pool_type":"last")")));
  EXPECT_ERROR(ErrorCode::Unsupported, "the model has no text tower",
               read_text(R"({"model_cfg":{"embed_dim":16,"vision_cfg":{}}})"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "model_cfg.text_cfg.width", read_text(open_clip(R"("layers":1)")));
  EXPECT_EQ(read_text(open_clip(R"("width":64,"layers":1,"embed_cls":false)")).spec.num_heads, 1);
}

class OpenClipVision : public ::testing::Test {
 protected:
  JsonFile config(std::string_view vision, std::string_view preprocessing = "{}") {
    testing::write_file(directory_.file("open_clip_config.json"),
                        R"({"model_cfg":{"embed_dim":16,"vision_cfg":{)" + std::string(vision) +
                            R"(}},"preprocess_cfg":)" + std::string(preprocessing) + "}");
    return JsonFile::read(directory_.file("open_clip_config.json"));
  }
  Architecture read(std::string_view vision) { return read_open_clip_vision(config(vision), NamesOnly()); }
  image::Preprocessing preprocessing(std::string_view written) {
    const JsonFile file = config(R"("width":64,"layers":1,"image_size":96)", written);
    return read_open_clip_preprocessing(file, read_open_clip_vision(file, NamesOnly()).spec);
  }

  TemporaryDirectory directory_;
};

TEST_F(OpenClipVision, patches_and_a_class_token_are_the_tokens) {
  const Architecture vision = read(R"("width":128,"layers":2,"image_size":30,"patch_size":7)");
  EXPECT_EQ(vision.spec.vocab_size, 0);
  EXPECT_EQ(vision.spec.image_size, 30);
  EXPECT_EQ(vision.spec.patch_size, 7);
  EXPECT_EQ(vision.spec.max_positions, 17);
  EXPECT_EQ(vision.spec.num_heads, 2);
  EXPECT_EQ(vision.spec.intermediate_size, 512);
  EXPECT_EQ(vision.pooling, nn::Pooling::Cls);
  EXPECT_EQ(vision.projection.value().weight, "visual.proj");
  EXPECT_EQ(vision.projection.value().dimensions, 16);
  EXPECT_EQ(vision.names.embedding_norm.weight, "visual.ln_pre.weight");
  EXPECT_EQ(vision.names.layers.at(1).output.bias, "visual.transformer.resblocks.1.mlp.c_proj.bias");
}

TEST_F(OpenClipVision, sizes_that_are_not_given_are_those_of_the_original) {
  const nn::EncoderSpec spec = read(R"("width":768,"layers":12)").spec;
  EXPECT_EQ(spec.image_size, 224);
  EXPECT_EQ(spec.patch_size, 32);
  EXPECT_EQ(spec.num_heads, 12);
  EXPECT_EQ(read(R"("width":768,"layers":12,"head_width":96,"no_ln_pre":true)").spec.num_heads, 8);
  EXPECT_EQ(read(R"("width":768,"layers":12,"no_ln_pre":true)").names.embedding_norm.weight, "");
}

TEST_F(OpenClipVision, the_mean_is_taken_before_or_after_the_last_norm) {
  const Architecture flagged = read(R"("width":64,"layers":1,"global_average_pool":true)");
  EXPECT_EQ(flagged.pooling, nn::Pooling::MeanOfPatches);
  EXPECT_TRUE(flagged.spec.pools_before_final_norm);
  const Architecture named = read(R"("width":64,"layers":1,"pool_type":"avg")");
  EXPECT_EQ(named.pooling, nn::Pooling::MeanOfPatches);
  EXPECT_FALSE(named.spec.pools_before_final_norm);
  EXPECT_TRUE(read(R"("width":64,"layers":1,"pool_type":"avg","final_ln_after_pool":true)")
                  .spec.pools_before_final_norm);
}

TEST_F(OpenClipVision, towers_without_an_implementation_are_refused) {
  EXPECT_ERROR(ErrorCode::Unsupported, "unsupported vision_cfg option: ",
               read(R"("width":64,"layers":1,"timm_model_name":"convnext_base")"));
  EXPECT_ERROR(ErrorCode::Unsupported,
               "unsupported pool_type: ", read(R"("width":64,"layers":1,"pool_type":"map")"));
  EXPECT_ERROR(ErrorCode::Unsupported, "unsupported pos_embed_type: ",
               read(R"("width":64,"layers":1,"pos_embed_type":"sin_cos_2d")"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "not a whole number: ", read(R"("width":64,"layers":[3,4,6,3])"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "model_cfg.vision_cfg.patch_size",
               read(R"("width":64,"layers":1,"image_size":16,"patch_size":17)"));
  testing::write_file(directory_.file("config.json"), R"({"model_type":"bert"})");
  EXPECT_ERROR(ErrorCode::Unsupported, "the model has no vision tower: ",
               read_open_clip_vision(JsonFile::read(directory_.file("config.json")), NamesOnly()));
}

TEST_F(OpenClipVision, preprocessing_is_the_model_s_or_that_of_the_original) {
  const image::Preprocessing original = preprocessing("{}");
  EXPECT_EQ(original.size, 96u);
  EXPECT_EQ(original.mean, image::Preprocessing{}.mean);
  EXPECT_EQ(original.deviation, image::Preprocessing{}.deviation);
  const image::Preprocessing own = preprocessing(R"({"mean":[0,0.25,0.5],"std":[1,2,3],"size":[8,8]})");
  EXPECT_EQ(own.size, 96u);
  EXPECT_EQ(own.mean, (std::array<float, 3>{0, 0.25f, 0.5f}));
  EXPECT_EQ(own.deviation, (std::array<float, 3>{1, 2, 3}));
  EXPECT_ERROR(ErrorCode::DataCorruption,
               "not a number for each of red, green and blue: ", preprocessing(R"({"mean":[0.5]})"));
  EXPECT_ERROR(ErrorCode::DataCorruption, "value 0 is out of range: ", preprocessing(R"({"std":[1,0,1]})"));
}

}  // namespace
}  // namespace jammi::model
