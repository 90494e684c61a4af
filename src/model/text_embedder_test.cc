#include "model/text_embedder.h"

#include <cmath>
#include <cstring>
#include <numeric>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "model/testing.h"

namespace jammi::model {
namespace {

using ::jammi::testing::TemporaryDirectory;
using ::testing::Each;
using ::testing::FloatNear;
using ::testing::Not;
using ::testing::Pointwise;

class TextEmbedderTest : public ::testing::Test {
 protected:
  TextEmbedderTest() { testing::copy_tiny_bert(directory_.path()); }

  std::shared_ptr<const TextEmbedder> load(Config::Precision precision = Config::Precision::F32) const {
    return TextEmbedder::load(resolved(), precision);
  }
  ResolvedModel resolved() const {
    return {.source = {ModelSource::Kind::Local, "tiny"},
            .backend = ModelBackend::Native,
            .directory = directory_.path(),
            .weight_files = {directory_.path() / "model.safetensors"}};
  }
  std::filesystem::path file(std::string_view name) const { return directory_.path() / name; }

  TemporaryDirectory directory_;
};

std::vector<float> encode(const TextEmbedder& embedder, std::span<const std::string_view> texts) {
  text::TokenBatch batch = embedder.tokenize(texts);
  std::vector<float> vectors(texts.size() * embedder.dimensions());
  embedder.make_worker()->compute(view(batch), vectors);
  return vectors;
}

float length(std::span<const float> vector) {
  float sum = 0;
  for (float x : vector) sum += x * x;
  return std::sqrt(sum);
}

TEST_F(TextEmbedderTest, a_text_becomes_a_vector_of_unit_length) {
  auto embedder = load();
  EXPECT_EQ(embedder->model_id(), "tiny");
  EXPECT_EQ(embedder->dimensions(), 32u);
  EXPECT_EQ(embedder->precision(), nn::Precision::F32);
  std::vector<float> vector = embedder->embed("the quick brown fox");
  EXPECT_EQ(vector.size(), 32u);
  EXPECT_NEAR(length(vector), 1, 1e-5);
}

TEST_F(TextEmbedderTest, int8_vectors_point_where_f32_vectors_do) {
  const auto embedder = load(Config::Precision::Int8);
  EXPECT_EQ(embedder->identity().precision, "int8");
  const std::vector<float> vector = embedder->embed("the quick brown fox");
  const std::vector<float> exact = load()->embed("the quick brown fox");
  EXPECT_GT(std::inner_product(vector.begin(), vector.end(), exact.begin(), 0.0f), 0.99f);
  EXPECT_NE(vector, exact);
}

TEST_F(TextEmbedderTest, a_text_s_vector_does_not_depend_on_its_batch) {
  auto embedder = load();
  std::vector<std::string_view> texts = {"the sea", "", "the quick brown fox jumps over the lazy dog",
                                         "日本語"};
  std::vector<float> vectors = encode(*embedder, texts);
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_THAT(std::span(vectors).subspan(i * 32, 32),
                Pointwise(FloatNear(1e-5f), embedder->embed(texts[i])));
  }
}

TEST_F(TextEmbedderTest, texts_are_cut_to_the_smallest_limit) {
  std::string long_text;
  for (int i = 0; i < 1000; ++i) long_text += "the sea ";
  std::string_view text = long_text;
  EXPECT_EQ(load()->max_tokens(), 128u);
  EXPECT_EQ(load()->tokenize(std::span(&text, 1)).num_tokens(), 128u);
  EXPECT_NEAR(length(load()->embed(text)), 1, 1e-5);

  testing::write_file(file("sentence_bert_config.json"), R"({"max_seq_length":16})");
  EXPECT_EQ(load()->tokenize(std::span(&text, 1)).num_tokens(), 16u);
}

TEST_F(TextEmbedderTest, pooling_follows_the_model_s_directory) {
  std::vector<float> mean = load()->embed("the quick brown fox");
  testing::write_file(file("1_Pooling/config.json"), R"({"pooling_mode_cls_token":true})");
  auto embedder = load();
  EXPECT_EQ(embedder->pooling(), nn::Pooling::Cls);
  EXPECT_THAT(embedder->embed("the quick brown fox"), Not(Pointwise(FloatNear(1e-3f), mean)));
}

TEST_F(TextEmbedderTest, a_dense_module_changes_direction_and_dimensions) {
  testing::write_file(file("modules.json"),
                      R"([{"path":"","type":"x.Transformer"},{"path":"1_Pooling","type":"x.Pooling"},)"
                      R"({"path":"2_Dense","type":"x.Dense"}])");
  testing::write_file(file("1_Pooling/config.json"), R"({"pooling_mode":"mean"})");
  testing::write_file(
      file("2_Dense/config.json"),
      R"({"in_features":32,"out_features":2,"bias":true,"activation_function":"x.Identity"})");
  // The weight is zero, so every text has the direction of the bias.
  std::string weights =
      testing::safetensors_bytes(R"({"linear.weight":{"dtype":"F32","shape":[2,32],"data_offsets":[0,256]},)"
                                 R"("linear.bias":{"dtype":"F32","shape":[2],"data_offsets":[256,264]}})",
                                 264);
  const float bias[] = {3, -4};
  std::memcpy(weights.data() + weights.size() - sizeof bias, bias, sizeof bias);
  testing::write_file(file("2_Dense/model.safetensors"), weights);
  auto embedder = load();
  EXPECT_EQ(embedder->dimensions(), 2u);
  EXPECT_THAT(embedder->embed("the sea"), Pointwise(FloatNear(1e-6f), {0.6f, -0.8f}));

  testing::edit_file(file("2_Dense/config.json"), "32", "31");
  EXPECT_ERROR(ErrorCode::DataCorruption, "Dense module takes 31 values instead of 32", load());
}

TEST_F(TextEmbedderTest, queries_and_documents_get_the_prompts_of_the_model) {
  const auto plain = load();
  testing::write_file(file("config_sentence_transformers.json"),
                      R"({"prompts":{"query":"the quick ","passage":"a river "}})");
  const auto prompted = load();
  EXPECT_EQ(prompted->embed("sea"), plain->embed("the quick sea"));
  EXPECT_EQ(prompted->embed("sea", TextRole::Document), plain->embed("a river sea"));
  const std::string_view text = "sea";
  const std::string_view with_prompt = "a river sea";
  EXPECT_EQ(prompted->tokenize({&text, 1}).token_ids, plain->tokenize({&with_prompt, 1}).token_ids);
  EXPECT_NE(prompted->identity().digest, plain->identity().digest);
}

TEST_F(TextEmbedderTest, a_text_without_tokens_has_the_zero_vector) {
  std::string json = testing::read_file(file("tokenizer.json"));
  const size_t begin = json.find(R"("post_processor":)");
  const size_t end = json.find(R"("decoder":)");
  testing::write_file(file("tokenizer.json"), json.replace(begin, end - begin, R"("post_processor":null,)"));
  auto embedder = load();
  std::vector<std::string_view> texts = {"", "the sea", " "};
  std::vector<float> vectors = encode(*embedder, texts);
  EXPECT_THAT(std::span(vectors).first(32), Each(0.0f));
  EXPECT_THAT(std::span(vectors).subspan(32, 32), Pointwise(FloatNear(1e-5f), embedder->embed("the sea")));
  EXPECT_THAT(std::span(vectors).last(32), Each(0.0f));
  EXPECT_THAT(embedder->embed(""), Each(0.0f));
}

TEST_F(TextEmbedderTest, threads_embed_at_once) {
  auto embedder = load();
  const std::vector<float> expected = embedder->embed("the sea");
  std::vector<std::vector<float>> results(4);
  {
    std::vector<std::jthread> threads;
    for (auto& result : results) {
      threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i) result = embedder->embed("the sea");
      });
    }
  }
  EXPECT_THAT(results, Each(expected));
}

TEST_F(TextEmbedderTest, a_worker_outlives_its_embedder) {
  std::string_view text = "the sea";
  auto embedder = load();
  const text::TokenBatch batch = embedder->tokenize(std::span(&text, 1));
  const std::vector<float> expected = embedder->embed(text);
  auto worker = embedder->make_worker();
  embedder.reset();
  std::vector<float> vector(32);
  worker->compute(view(batch), vector);
  EXPECT_EQ(vector, expected);
}

TEST_F(TextEmbedderTest, identity_changes_with_every_file_that_shapes_a_vector) {
  std::set<std::string> digests = {load()->identity().digest};
  EXPECT_TRUE(digests.contains(load()->identity().digest));

  testing::write_file(file("1_Pooling/config.json"), R"({"pooling_mode":"max"})");
  EXPECT_TRUE(digests.insert(load()->identity().digest).second);
  testing::edit_file(file("config.json"), R"("gelu")", R"("relu")");
  EXPECT_TRUE(digests.insert(load()->identity().digest).second);
  std::string weights = testing::read_file(file("model.safetensors"));
  weights.back() ^= 1;
  testing::write_file(file("model.safetensors"), weights);
  EXPECT_TRUE(digests.insert(load()->identity().digest).second);

  const std::string tokenizer_digest = load()->identity().tokenizer_digest;
  testing::edit_file(file("tokenizer.json"), R"("lowercase":true)", R"("lowercase":false)");
  EXPECT_TRUE(digests.insert(load()->identity().digest).second);
  EXPECT_NE(load()->identity().tokenizer_digest, tokenizer_digest);
}

TEST_F(TextEmbedderTest, what_has_no_implementation_is_refused) {
  testing::edit_file(file("config.json"), R"("model_type": "bert")", R"("model_type": "gpt2")");
  EXPECT_ERROR(ErrorCode::Unsupported,
               "Model error: tiny: Unsupported model architecture 'gpt2'. Supported: bert, ", load());
}

TEST_F(TextEmbedderTest, a_missing_tokenizer_is_named) {
  std::filesystem::remove(file("tokenizer.json"));
  EXPECT_ERROR(ErrorCode::NotFound,
               "Model error: tiny: No tokenizer loaded for embedding model: missing file: " +
                   file("tokenizer.json").string(),
               load());
}

TEST_F(TextEmbedderTest, a_tokenizer_that_is_garbage_is_named) {
  testing::write_file(file("tokenizer.json"), "garbage");
  EXPECT_ERROR(ErrorCode::DataCorruption,
               "Model error: tiny: not a tokenizer: " + file("tokenizer.json").string(), load());
}

TEST_F(TextEmbedderTest, a_tokenizer_larger_than_the_model_is_refused) {
  testing::edit_file(file("config.json"), R"("vocab_size": 596)", R"("vocab_size": 500)");
  EXPECT_ERROR(ErrorCode::DataCorruption, "tokenizer has 596 tokens but the model embeds fewer", load());
}

TEST_F(TextEmbedderTest, a_missing_tensor_is_named_with_its_file) {
  testing::edit_file(file("model.safetensors"), "encoder.layer.1.output.dense.bias",
                     "encoder.layer.1.output.dense.bia_");
  EXPECT_ERROR(ErrorCode::NotFound, "encoder.layer.1.output.dense.bias", load());
  EXPECT_ERROR(ErrorCode::NotFound, file("model.safetensors").string(), load());
}

TEST_F(TextEmbedderTest, a_tensor_of_another_shape_is_named) {
  testing::edit_file(file("config.json"), R"("intermediate_size": 64)", R"("intermediate_size": 60)");
  EXPECT_ERROR(ErrorCode::DataCorruption, "encoder.layer.0.intermediate.dense.weight", load());
}

TEST_F(TextEmbedderTest, a_tensor_of_another_type_is_named) {
  testing::edit_file(file("model.safetensors"), R"("embeddings.LayerNorm.bias":{"dtype":"F32")",
                     R"("embeddings.LayerNorm.bias":{"dtype":"I32")");
  EXPECT_ERROR(ErrorCode::DataCorruption, "embeddings.LayerNorm.bias", load());
}

TEST_F(TextEmbedderTest, weights_cut_short_are_named) {
  std::filesystem::resize_file(file("model.safetensors"), 100'000);
  EXPECT_ERROR(ErrorCode::DataCorruption, "Model error: tiny: tensor lies outside the file: ", load());
}

}  // namespace
}  // namespace jammi::model
