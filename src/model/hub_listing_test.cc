#include "model/hub_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::model {
namespace {

using ::testing::ElementsAre;

const std::string kCommit(40, 'c');
const std::string kGitDigest(40, 'a');
const std::string kSha256(64, 'b');

std::string answer(std::initializer_list<const char*> names) {
  std::string files;
  for (const char* name : names) {
    files += (files.empty() ? "" : ",") + std::string(R"({"size":7,"blobId":")") + kGitDigest +
             R"(","rfilename":")" + name + "\"}";
  }
  return R"({"sha":")" + kCommit + R"(","siblings":[)" + files + "]}";
}

HubListing parse(const std::string& answer, WeightFormat format = WeightFormat::Any) {
  return parse_hub_listing(answer, format, "hub");
}

std::vector<std::string> names(std::initializer_list<const char*> offered,
                               WeightFormat format = WeightFormat::Any) {
  std::vector<std::string> result;
  for (const HubFile& file : parse(answer(offered), format).files) result.push_back(file.name);
  return result;
}

TEST(HubListing, only_what_inference_reads_is_kept) {
  EXPECT_THAT(names({".gitattributes", "README.md", "1_Pooling/config.json", "config.json",
                     "model.safetensors", "modules.json", "onnx/model.onnx", "onnx/config.json.bak",
                     "pytorch_model.bin", "tokenizer.json", "../config.json", "a/b/config.json"}),
              ElementsAre("1_Pooling/config.json", "config.json", "model.safetensors", "modules.json",
                          "tokenizer.json"));
}

TEST(HubListing, sentence_transformers_settings_and_dense_weights_are_kept) {
  EXPECT_THAT(names({"2_Dense/config.json", "2_Dense/model.safetensors", "2_Dense/pytorch_model.bin",
                     "checkpoint/model.safetensors", "config.json", "config_sentence_transformers.json",
                     "model.safetensors"}),
              ElementsAre("2_Dense/config.json", "2_Dense/model.safetensors", "config.json",
                          "config_sentence_transformers.json", "model.safetensors"));
}

TEST(HubListing, one_set_of_weights_is_chosen) {
  EXPECT_THAT(names({"config.json", "model.safetensors", "other.safetensors"}),
              ElementsAre("config.json", "model.safetensors"));
  EXPECT_THAT(names({"config.json", "open_clip_model.safetensors", "other.safetensors"}),
              ElementsAre("config.json", "open_clip_model.safetensors"));
  EXPECT_THAT(
      names({"config.json", "model.safetensors", "open_clip_config.json", "open_clip_model.safetensors"}),
      ElementsAre("config.json", "open_clip_config.json", "open_clip_model.safetensors"));
  EXPECT_THAT(
      names({"config.json", "model-1.safetensors", "model-2.safetensors", "model.safetensors.index.json"}),
      ElementsAre("config.json", "model-1.safetensors", "model-2.safetensors",
                  "model.safetensors.index.json"));
  EXPECT_THAT(names({"config.json", "sub/x.safetensors", "pytorch_model.bin"}), ElementsAre());
}

TEST(HubListing, a_repository_without_safetensors_gives_its_onnx_file_and_the_tensors_beside_it) {
  EXPECT_THAT(names({"config.json", "onnx/model.onnx", "onnx/model.onnx_data", "onnx/model_quantized.onnx"}),
              ElementsAre("config.json", "onnx/model.onnx", "onnx/model.onnx_data"));
  EXPECT_THAT(names({"config.json", "model.onnx", "model.onnx.data", "onnx/model.onnx"}),
              ElementsAre("config.json", "model.onnx", "model.onnx.data"));
}

TEST(HubListing, weights_are_those_of_the_format_that_is_asked_for) {
  const auto both = {"config.json", "model.safetensors", "onnx/model.onnx", "onnx/model.onnx_data"};
  EXPECT_THAT(names(both), ElementsAre("config.json", "model.safetensors"));
  EXPECT_THAT(names(both, WeightFormat::Safetensors), ElementsAre("config.json", "model.safetensors"));
  EXPECT_THAT(names(both, WeightFormat::Onnx),
              ElementsAre("config.json", "onnx/model.onnx", "onnx/model.onnx_data"));
  EXPECT_THAT(names({"config.json", "model.onnx"}, WeightFormat::Safetensors), ElementsAre());
  EXPECT_THAT(names({"config.json", "model.safetensors"}, WeightFormat::Onnx), ElementsAre());
}

TEST(HubListing, large_files_are_known_by_their_sha256) {
  const std::string large = R"({"sha":")" + kCommit +
                            R"(","siblings":[{"rfilename":"config.json","size":7,"blobId":")" + kGitDigest +
                            R"("},{"rfilename":"model.safetensors","size":130,"blobId":")" + kGitDigest +
                            R"(","lfs":{"sha256":")" + kSha256 + R"(","size":90868376,"pointerSize":130}}]})";
  HubListing listing = parse(large);
  EXPECT_EQ(listing.commit, kCommit);
  EXPECT_EQ(listing.files.at(0).etag, kGitDigest);
  EXPECT_FALSE(listing.files.at(0).has_sha256);
  EXPECT_EQ(listing.files.at(1).etag, kSha256);
  EXPECT_EQ(listing.files.at(1).size, 90868376u);
  EXPECT_TRUE(listing.files.at(1).has_sha256);
}

TEST(HubListing, a_repository_without_configuration_is_refused) {
  EXPECT_ERROR(ErrorCode::NotFound, "the repository has no config.json: hub",
               parse(answer({"model.safetensors"})));
}

TEST(HubListing, unexpected_answers_are_refused) {
  const std::string good = answer({"config.json", "model.safetensors"});
  auto with = [&](const std::string& before, const std::string& after) {
    std::string text = good;
    return text.replace(text.find(before), before.size(), after);
  };
  for (const std::string& bad :
       {std::string("[]"), std::string("{}"), std::string("<html>"), with(kCommit, "../../etc"),
        with(kGitDigest, "../x"), with(R"("size":7,)", ""), with(R"("size":7)", R"("size":"7")"),
        with(R"("siblings":[)", R"("siblings":[7,)")}) {
    EXPECT_ERROR(ErrorCode::DataCorruption, "hub", parse(bad));
  }
}

}  // namespace
}  // namespace jammi::model
