#include "model/architectures/architecture.h"

#include <set>

#include <gtest/gtest.h>

#include "base/testing.h"
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
  EXPECT_EQ(read().names.layers.at(1).query.weight, "encoder.layer.1.attention.self.query.weight");
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

TEST_F(ArchitectureTest, other_architectures_are_refused_with_the_supported_ones) {
  edit(R"("model_type": "bert")", R"("model_type": "gpt2")");
  EXPECT_ERROR(ErrorCode::Unsupported, "Unsupported model architecture 'gpt2'. Supported: bert", read());
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

}  // namespace
}  // namespace jammi::model
