#include "model/sentence_transformers.h"

#include <gtest/gtest.h>

#include "base/testing.h"
#include "model/testing.h"

namespace jammi::model {
namespace {

using ::jammi::testing::TemporaryDirectory;

constexpr const char* kModules = R"([
  {"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},
  {"idx":1,"name":"1","path":"my_pooling","type":"sentence_transformers.models.Pooling"},
  {"idx":2,"name":"2","path":"2_Normalize","type":"sentence_transformers.models.Normalize"}])";

class SentenceSettingsTest : public ::testing::Test {
 protected:
  void write(std::string_view name, std::string_view text) {
    testing::write_file(directory_.path() / name, text);
  }
  SentenceSettings read() const { return read_sentence_settings(directory_.path()); }

  TemporaryDirectory directory_;
};

TEST_F(SentenceSettingsTest, mean_is_the_default) {
  EXPECT_EQ(read().pooling, nn::Pooling::Mean);
  EXPECT_EQ(read().max_tokens, std::nullopt);
}

TEST_F(SentenceSettingsTest, the_pooling_module_decides) {
  write("modules.json", kModules);
  write("my_pooling/config.json", R"({"word_embedding_dimension":32,"pooling_mode_cls_token":true,)"
                                  R"("pooling_mode_mean_tokens":false,"pooling_mode_max_tokens":false})");
  write("1_Pooling/config.json", R"({"pooling_mode":"max"})");
  EXPECT_EQ(read().pooling, nn::Pooling::Cls);
}

TEST_F(SentenceSettingsTest, the_usual_pooling_folder_counts_without_modules) {
  write("1_Pooling/config.json", R"({"pooling_mode":"max"})");
  EXPECT_EQ(read().pooling, nn::Pooling::Max);
}

TEST_F(SentenceSettingsTest, modules_without_pooling_mean_mean) {
  write("modules.json", R"([{"path":"","type":"sentence_transformers.models.Transformer"}])");
  write("1_Pooling/config.json", R"({"pooling_mode":"max"})");
  EXPECT_EQ(read().pooling, nn::Pooling::Mean);
}

TEST_F(SentenceSettingsTest, a_pooling_module_without_its_configuration_is_an_error) {
  write("modules.json", kModules);
  EXPECT_ERROR(ErrorCode::NotFound, "cannot open file: " + directory_.file("my_pooling/config.json"), read());
}

TEST_F(SentenceSettingsTest, the_token_limit_is_read) {
  write("sentence_bert_config.json", R"({"max_seq_length":256,"do_lower_case":false})");
  EXPECT_EQ(read().max_tokens, 256);
  write("sentence_bert_config.json", R"({"max_seq_length":null})");
  EXPECT_EQ(read().max_tokens, std::nullopt);
  write("sentence_bert_config.json", R"({"max_seq_length":0})");
  EXPECT_ERROR(ErrorCode::DataCorruption, "sentence_bert_config.json: max_seq_length", read());
}

TEST_F(SentenceSettingsTest, pooling_without_an_implementation_is_refused_by_name) {
  write("1_Pooling/config.json", R"({"pooling_mode_weightedmean_tokens":true})");
  EXPECT_ERROR(ErrorCode::Unsupported, "1_Pooling/config.json: weightedmean", read());
  write("1_Pooling/config.json", R"({"pooling_mode":"attention"})");
  EXPECT_ERROR(ErrorCode::Unsupported, "unsupported pooling mode", read());
  write("1_Pooling/config.json", R"({"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":true})");
  EXPECT_ERROR(ErrorCode::Unsupported, "several pooling modes at once", read());
}

TEST_F(SentenceSettingsTest, the_last_token_may_be_the_vector) {
  write("1_Pooling/config.json", R"({"pooling_mode_lasttoken":true})");
  EXPECT_EQ(read().pooling, nn::Pooling::Last);
}

constexpr const char* kDenseModules = R"([
  {"path":"","type":"sentence_transformers.models.Transformer"},
  {"path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
  {"path":"2_Dense","type":"sentence_transformers.models.Dense"},
  {"path":"3_Normalize","type":"sentence_transformers.models.Normalize"}])";

TEST_F(SentenceSettingsTest, dense_modules_follow_pooling) {
  write("modules.json", kDenseModules);
  write("1_Pooling/config.json", R"({"pooling_mode_mean_tokens":true})");
  write("2_Dense/config.json", R"({"in_features":32,"out_features":7,"bias":false,)"
                               R"("activation_function":"torch.nn.modules.linear.Identity"})");
  const std::vector<DenseModule> dense = read().dense;
  ASSERT_EQ(dense.size(), 1u);
  EXPECT_EQ(dense[0].folder, directory_.path() / "2_Dense");
  EXPECT_EQ(dense[0].in_features, 32);
  EXPECT_EQ(dense[0].out_features, 7);
  EXPECT_FALSE(dense[0].has_bias);
  EXPECT_EQ(dense[0].activation, nn::Dense::Activation::Identity);

  write("2_Dense/config.json", R"({"in_features":32,"out_features":7})");
  EXPECT_TRUE(read().dense.at(0).has_bias);
  EXPECT_EQ(read().dense.at(0).activation, nn::Dense::Activation::Tanh);
  write("2_Dense/config.json",
        R"({"in_features":32,"out_features":7,"activation_function":"torch.nn.Mish"})");
  EXPECT_ERROR(ErrorCode::Unsupported, "unsupported activation_function: ", read());
  write("2_Dense/config.json", R"({"in_features":32,"out_features":0})");
  EXPECT_ERROR(ErrorCode::DataCorruption, "2_Dense/config.json: out_features", read());
}

TEST_F(SentenceSettingsTest, models_without_prompts_have_empty_ones) {
  EXPECT_EQ(read().query_prompt, "");
  write("config_sentence_transformers.json", R"({"__version__":{},"prompts":{},"default_prompt_name":null})");
  EXPECT_EQ(read().query_prompt, "");
  EXPECT_EQ(read().document_prompt, "");
}

TEST_F(SentenceSettingsTest, prompts_are_chosen_by_name) {
  write("config_sentence_transformers.json", R"({"prompts":{"query":"query: ","passage":"passage: "}})");
  EXPECT_EQ(read().query_prompt, "query: ");
  EXPECT_EQ(read().document_prompt, "passage: ");
  write("config_sentence_transformers.json", R"({"prompts":{"document":"d: ","passage":"passage: "}})");
  EXPECT_EQ(read().query_prompt, "");
  EXPECT_EQ(read().document_prompt, "d: ");
}

TEST_F(SentenceSettingsTest, the_default_prompt_stands_in_for_a_missing_one) {
  write("config_sentence_transformers.json",
        R"({"prompts":{"query":"q: ","other":"o: "},"default_prompt_name":"other"})");
  EXPECT_EQ(read().query_prompt, "q: ");
  EXPECT_EQ(read().document_prompt, "o: ");
  write("config_sentence_transformers.json", R"({"prompts":{"query":"q: "},"default_prompt_name":"other"})");
  EXPECT_ERROR(ErrorCode::DataCorruption, "no such prompt: ", read());
}

TEST_F(SentenceSettingsTest, pooling_that_leaves_out_the_prompt_is_refused) {
  write("1_Pooling/config.json", R"({"pooling_mode":"mean","include_prompt":false})");
  EXPECT_EQ(read().pooling, nn::Pooling::Mean);
  write("config_sentence_transformers.json", R"({"prompts":{"query":"q: "}})");
  EXPECT_ERROR(ErrorCode::Unsupported, "pooling without the prompt is not supported", read());
}

TEST_F(SentenceSettingsTest, modules_without_an_implementation_are_refused_by_name) {
  write("modules.json", R"([{"path":"1_CNN","type":"sentence_transformers.models.CNN"}])");
  EXPECT_ERROR(ErrorCode::Unsupported, "modules.json: sentence_transformers.models.CNN", read());
}

TEST_F(SentenceSettingsTest, dense_modules_before_pooling_or_behind_normalisation_are_refused) {
  write("modules.json", R"([{"path":"1_Dense","type":"x.Dense"},{"path":"2_Pooling","type":"x.Pooling"}])");
  EXPECT_ERROR(ErrorCode::Unsupported, "unsupported sentence-transformers module", read());
  write("modules.json", R"([{"path":"1_Pooling","type":"x.Pooling"},{"path":"2","type":"x.Normalize"},)"
                        R"({"path":"3_Dense","type":"x.Dense"}])");
  EXPECT_ERROR(ErrorCode::Unsupported, "unsupported sentence-transformers module", read());
}

TEST_F(SentenceSettingsTest, malformed_modules_are_refused) {
  for (const char* text :
       {"{}", "[7]", R"([{"path":""}])", R"([{"path":7,"type":"x.Pooling"}])",
        R"([{"path":"../x","type":"x.Pooling"}])", R"([{"path":"/etc","type":"x.Pooling"}])"}) {
    write("modules.json", text);
    EXPECT_ERROR(ErrorCode::DataCorruption, "modules.json", read());
  }
}

}  // namespace
}  // namespace jammi::model
