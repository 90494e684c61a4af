#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "model/testing.h"
#include "model/text_classifier.h"
#include "model/text_embedder.h"

namespace jammi::model {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;

const std::filesystem::path kGraphs = std::filesystem::path(JAMMI_SOURCE_DIR) / "tests/fixtures/onnx";

/// tiny_bert's configuration and tokenizer with a graph of tests/fixtures/make_onnx.py in place of its
/// weights.
class OnnxModelTest : public ::testing::Test {
 protected:
  OnnxModelTest() {
    testing::copy_tiny_bert(directory_.path());
    std::filesystem::remove(file("model.safetensors"));
  }

  ResolvedModel with_graph(const std::string& name) const {
    std::filesystem::copy_file(kGraphs / (name + ".onnx"), file("model.onnx"),
                               std::filesystem::copy_options::overwrite_existing);
    return Resolver(Config::Backend::Auto, {}, {})
        .resolve({ModelSource::Kind::Local, directory_.path().string()});
  }

  std::shared_ptr<const TextEmbedder> embedder(const std::string& graph) const {
    return TextEmbedder::load(with_graph(graph), Config::Precision::Bf16);
  }
  std::shared_ptr<const TextClassifier> classifier(const std::string& graph, ClassifierKind kind) const {
    return TextClassifier::load(with_graph(graph), kind, Config::Precision::F32);
  }
  void name_labels(const std::string& labels) const {
    testing::edit_file(file("config.json"), R"("model_type": "bert")",
                       R"("model_type": "bert", "id2label": )" + labels);
  }
  std::filesystem::path file(std::string_view name) const { return directory_.path() / name; }

  jammi::testing::TemporaryDirectory directory_;
};

float sum_of(std::span<const int32_t> tokens) {
  return std::accumulate(tokens.begin(), tokens.end(), 0.0f);
}

TEST_F(OnnxModelTest, hidden_states_of_a_graph_are_pooled_and_scaled_like_those_of_the_native_runtime) {
  const auto model = embedder("both");
  EXPECT_EQ(model->dimensions(), 3u);
  EXPECT_EQ(model->kernel_name(), "onnxruntime");
  EXPECT_EQ(model->identity().pooling, "mean");
  EXPECT_EQ(model->identity().precision, "f32") << "whatever the configuration asks for";
  const std::string_view text = "the sea and the stars";
  const text::TokenBatch batch = model->tokenize({&text, 1});
  const float sum = sum_of(batch.token_ids);
  const float mean = sum / static_cast<float>(batch.num_tokens());
  const float length = std::sqrt(mean * mean + sum * sum + 1);
  EXPECT_THAT(model->embed(text),
              Pointwise(FloatNear(1e-6f), std::vector{mean / length, sum / length, 1 / length}));
}

TEST_F(OnnxModelTest, a_batch_of_texts_of_all_lengths_gives_each_the_vector_it_has_alone) {
  const auto model = embedder("tokens");
  const std::vector<std::string_view> texts{"the sea", "", "a small child reads a book about the sea",
                                            "rain"};
  const text::TokenBatch batch = model->tokenize(texts);
  std::vector<float> vectors(texts.size() * 3);
  model->make_worker()->compute(view(batch), vectors);
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_THAT(std::span(vectors).subspan(i * 3, 3), Pointwise(FloatNear(1e-6f), model->embed(texts[i])));
  }
}

TEST_F(OnnxModelTest, a_graph_that_pools_itself_is_taken_at_its_word) {
  const auto model = embedder("texts");
  EXPECT_EQ(model->identity().pooling, "graph");
  EXPECT_THAT(model->embed("the sea"),
              Pointwise(FloatNear(1e-6f), std::vector{1 / std::sqrt(5.0f), 2 / std::sqrt(5.0f)}));
}

TEST_F(OnnxModelTest, every_file_of_weights_is_part_of_the_identity) {
  std::filesystem::copy_file(kGraphs / "weights.bin", file("weights.bin"));
  const auto before = embedder("external");
  EXPECT_GT(before->weight_bytes(), std::filesystem::file_size(file("model.onnx")));
  const std::string digest = before->identity().digest;
  std::string weights = testing::read_file(file("weights.bin"));
  weights.front() ^= 1;
  testing::write_file(file("weights.bin"), weights);
  EXPECT_NE(embedder("external")->identity().digest, digest);
}

TEST_F(OnnxModelTest, logits_of_texts_and_of_tokens_go_to_the_task_that_they_are_for) {
  name_labels(R"({"0": "yes", "1": "no"})");
  const std::string_view text = "the sea";
  const auto sequences = classifier("text_logits", ClassifierKind::Sequence);
  const text::TokenBatch batch = sequences->tokenize({&text, 1});
  const float sum = sum_of(batch.token_ids);
  std::vector<float> logits(2);
  sequences->make_worker()->compute(view(batch), logits);
  EXPECT_THAT(logits, ::testing::ElementsAre(sum, 2 * sum));
  EXPECT_ERROR(ErrorCode::Unsupported,
               "the model has no head for NER but one for texts: " + file("model.onnx").string(),
               classifier("text_logits", ClassifierKind::Token));
  EXPECT_ERROR(ErrorCode::DataCorruption,
               "the ONNX graph has 3 classes: " + file("config.json").string() + ": id2label",
               classifier("token_logits", ClassifierKind::Token));

  testing::edit_file(file("config.json"), R"("1": "no")", R"("1": "no", "2": "perhaps")");
  const auto tokens = classifier("token_logits", ClassifierKind::Token);
  std::vector<float> rows(batch.num_tokens() * 3);
  tokens->make_worker()->compute(view(batch), rows);
  for (size_t i = 0; i < batch.num_tokens(); ++i) {
    EXPECT_EQ(rows[3 * i], static_cast<float>(batch.token_ids[i]));
    EXPECT_EQ(rows[3 * i + 1], sum);
  }
  EXPECT_ERROR(ErrorCode::Unsupported, "the model has no head for classification but one for tokens: ",
               classifier("token_logits", ClassifierKind::Sequence));
}

TEST_F(OnnxModelTest, a_family_without_a_native_runtime_needs_nothing_but_its_positions) {
  testing::edit_file(file("config.json"), R"("model_type": "bert")", R"("model_type": "gemma3_text")");
  EXPECT_EQ(embedder("both")->max_tokens(), 128u);
  testing::edit_file(file("config.json"), R"("model_type": "gemma3_text")", R"("model_type": "xlm-roberta")");
  EXPECT_EQ(embedder("both")->max_tokens(), 127u) << "positions begin behind the padding token, 0 here";
}

TEST_F(OnnxModelTest, broken_files_are_named_with_the_model) {
  const auto refuse = [&](ErrorCode code, const std::string& problem, const std::string& graph) {
    EXPECT_ERROR(code, "Model error: " + directory_.path().string() + ": " + problem, embedder(graph));
  };
  refuse(ErrorCode::DataCorruption,
         "external data outside the model's folder: " + file("model.onnx").string(), "outside");
  refuse(ErrorCode::Unsupported, "the ONNX graph has no output last_hidden_state or token_embeddings or ",
         "text_logits");
  testing::edit_file(file("config.json"), R"("vocab_size": 596)", R"("vocab_size": 500)");
  refuse(ErrorCode::DataCorruption, "tokenizer has 596 tokens but the model embeds fewer", "both");
}

}  // namespace
}  // namespace jammi::model
