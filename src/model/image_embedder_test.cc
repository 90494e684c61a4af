#include "model/image_embedder.h"

#include <array>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "model/testing.h"
#include "model/text_embedder.h"

namespace jammi::model {
namespace {

using ::jammi::testing::TemporaryDirectory;
using ::testing::FloatNear;
using ::testing::Pointwise;

class ImageEmbedderTest : public ::testing::Test {
 protected:
  ImageEmbedderTest() {
    std::filesystem::copy(testing::tiny_clip(), directory_.path(), std::filesystem::copy_options::recursive);
  }

  ResolvedModel resolved() const {
    return {.source = {ModelSource::Kind::Local, "tiny"},
            .backend = ModelBackend::Native,
            .directory = directory_.path(),
            .weight_files = {file("open_clip_model.safetensors")}};
  }
  std::shared_ptr<const ImageEmbedder> load(Config::Precision precision = Config::Precision::F32) const {
    return ImageEmbedder::load(resolved(), precision);
  }
  std::filesystem::path file(std::string_view name) const { return directory_.path() / name; }

  TemporaryDirectory directory_;
};

/// A square of one colour on white.
image::Image square(std::array<uint8_t, 3> colour) {
  image::Image picture{.width = 64, .height = 64, .rgb = std::vector<uint8_t>(64 * 64 * 3, 255)};
  for (size_t y = 12; y < 50; ++y) {
    for (size_t x = 12; x < 50; ++x) std::ranges::copy(colour, &picture.rgb[(y * 64 + x) * 3]);
  }
  return picture;
}

constexpr std::array<uint8_t, 3> kRed{220, 30, 30};
constexpr std::array<uint8_t, 3> kBlue{40, 70, 220};

float dot(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0f);
}

TEST_F(ImageEmbedderTest, a_picture_becomes_a_vector_of_unit_length) {
  const auto embedder = load();
  EXPECT_EQ(embedder->model_id(), "tiny");
  EXPECT_EQ(embedder->dimensions(), 8u);
  EXPECT_EQ(embedder->preprocessing().size, 32u);
  EXPECT_EQ(embedder->tokens_per_image(), 17u);
  EXPECT_EQ(embedder->precision(), nn::Precision::F32);
  EXPECT_EQ(embedder->pooling(), nn::Pooling::Cls);
  EXPECT_GT(embedder->weight_bytes(), 100'000u);
  const std::vector<float> vector = embedder->embed(square(kRed));
  ASSERT_EQ(vector.size(), 8u);
  EXPECT_NEAR(dot(vector, vector), 1, 1e-5);
}

TEST_F(ImageEmbedderTest, int8_vectors_point_where_f32_vectors_do) {
  const auto embedder = load(Config::Precision::Int8);
  EXPECT_EQ(embedder->identity().precision, "int8");
  // The fixture's projection is fitted to random features, and magnifies what rounding changes.
  EXPECT_GT(dot(embedder->embed(square(kRed)), load()->embed(square(kRed))), 0.85f);
}

TEST_F(ImageEmbedderTest, a_text_finds_the_picture_that_it_describes) {
  const auto images = load();
  const auto texts = TextEmbedder::load(resolved(), Config::Precision::F32);
  ASSERT_EQ(texts->dimensions(), images->dimensions());
  const std::vector<float> red = images->embed(square(kRed));
  const std::vector<float> blue = images->embed(square(kBlue));
  const std::vector<float> query = texts->embed("a red square");
  EXPECT_GT(dot(query, red), 0.5f);
  EXPECT_GT(dot(query, red), dot(query, blue) + 0.3f);
}

TEST_F(ImageEmbedderTest, a_picture_s_vector_does_not_depend_on_its_batch) {
  const auto embedder = load();
  const image::Preprocessing& preprocessing = embedder->preprocessing();
  std::vector<float> pixels(2 * preprocessing.num_values());
  const std::span<float> both(pixels);
  image::preprocess(square(kRed), preprocessing, both.first(preprocessing.num_values()));
  image::preprocess(square(kBlue), preprocessing, both.last(preprocessing.num_values()));
  std::vector<float> vectors(2 * 8);
  embedder->make_worker()->encode(pixels, vectors);
  EXPECT_THAT(std::span(vectors).first(8), Pointwise(FloatNear(1e-5f), embedder->embed(square(kRed))));
  EXPECT_THAT(std::span(vectors).last(8), Pointwise(FloatNear(1e-5f), embedder->embed(square(kBlue))));
}

TEST_F(ImageEmbedderTest, a_worker_outlives_its_embedder) {
  auto embedder = load();
  std::vector<float> pixels(embedder->preprocessing().num_values());
  const std::vector<float> expected = embedder->embed(square(kRed));
  image::preprocess(square(kRed), embedder->preprocessing(), pixels);
  const auto worker = embedder->make_worker();
  embedder.reset();
  std::vector<float> vector(8);
  worker->encode(pixels, vector);
  EXPECT_EQ(vector, expected);
}

TEST_F(ImageEmbedderTest, identity_changes_with_configuration_and_weights_but_not_with_the_tokenizer) {
  const std::string digest = load()->identity().digest;
  EXPECT_EQ(load()->identity().digest, digest);
  EXPECT_EQ(load()->identity().tokenizer_digest, "");
  std::filesystem::remove(file("bpe_simple_vocab_16e6.txt.gz"));
  EXPECT_EQ(load()->identity().digest, digest);
  testing::edit_file(file("open_clip_config.json"), R"("quick_gelu": true)", R"("quick_gelu": false)");
  const std::string other_digest = load()->identity().digest;
  EXPECT_NE(other_digest, digest);
  std::string weights = testing::read_file(file("open_clip_model.safetensors"));
  weights.back() ^= 1;
  testing::write_file(file("open_clip_model.safetensors"), weights);
  EXPECT_NE(load()->identity().digest, other_digest);
}

TEST_F(ImageEmbedderTest, what_has_no_implementation_is_refused) {
  ResolvedModel onnx = resolved();
  onnx.backend = ModelBackend::Onnx;
  EXPECT_ERROR(ErrorCode::Unsupported, "Model error: tiny: ONNX weights are not supported",
               ImageEmbedder::load(onnx, Config::Precision::F32));
  ResolvedModel text_only = resolved();
  text_only.directory = testing::tiny_bert();
  EXPECT_ERROR(ErrorCode::Unsupported, "Model error: tiny: the model has no vision tower: ",
               ImageEmbedder::load(text_only, Config::Precision::F32));
}

TEST_F(ImageEmbedderTest, a_missing_or_unfitting_tensor_is_named_with_its_file) {
  testing::edit_file(file("open_clip_config.json"), R"("patch_size": 8)", R"("patch_size": 16)");
  EXPECT_ERROR(ErrorCode::DataCorruption, "visual.", load());
  testing::edit_file(file("open_clip_config.json"), R"("patch_size": 16)", R"("patch_size": 8)");
  testing::edit_file(file("open_clip_model.safetensors"), "visual.class_embedding", "visual.class_embeddinG");
  EXPECT_ERROR(ErrorCode::NotFound, "visual.class_embedding", load());
  EXPECT_ERROR(ErrorCode::NotFound, file("open_clip_model.safetensors").string(), load());
}

}  // namespace
}  // namespace jammi::model
