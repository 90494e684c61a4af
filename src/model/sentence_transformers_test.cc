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
  write("1_Pooling/config.json", R"({"pooling_mode":"lasttoken"})");
  EXPECT_ERROR(ErrorCode::Unsupported, "unsupported pooling mode", read());
  write("1_Pooling/config.json", R"({"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":true})");
  EXPECT_ERROR(ErrorCode::Unsupported, "several pooling modes at once", read());
}

TEST_F(SentenceSettingsTest, modules_without_an_implementation_are_refused_by_name) {
  write("modules.json", R"([{"path":"2_Dense","type":"sentence_transformers.models.Dense"}])");
  EXPECT_ERROR(ErrorCode::Unsupported, "modules.json: sentence_transformers.models.Dense", read());
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
