#include "model/text_classifier.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "model/testing.h"
#include "model/text_embedder.h"

namespace jammi::model {
namespace {

using ::jammi::testing::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::IsEmpty;
using ::testing::Pointwise;

/// tiny_bert with a head of three classes in a file of its own.
class TextClassifierTest : public ::testing::Test {
 protected:
  TextClassifierTest() {
    testing::copy_tiny_bert(directory_.path());
    testing::edit_file(file("config.json"), R"("model_type": "bert")",
                       R"("model_type": "bert", "id2label": {"0": "O", "1": "B-PER", "2": "I-PER"})");
    write_head("classifier");
  }

  /// Class i takes value i of its input and adds 10 i.
  void write_head(const std::string& stem) const {
    std::string bytes = testing::safetensors_bytes(
        R"({")" + stem + R"(.weight":{"dtype":"F32","shape":[3,32],"data_offsets":[0,384]},")" + stem +
            R"(.bias":{"dtype":"F32","shape":[3],"data_offsets":[384,396]}})",
        396);
    std::vector<float> values(3 * 32 + 3);
    for (size_t i = 0; i < 3; ++i) {
      values[i * 32 + i] = 1;
      values[3 * 32 + i] = 10 * static_cast<float>(i);
    }
    std::memcpy(bytes.data() + bytes.size() - 396, values.data(), 396);
    testing::write_file(file("head.safetensors"), bytes);
  }

  ResolvedModel resolved() const {
    return {.source = {ModelSource::Kind::Local, "tiny"},
            .backend = ModelBackend::Native,
            .directory = directory_.path(),
            .weight_files = {file("model.safetensors"), file("head.safetensors")}};
  }
  std::shared_ptr<const TextClassifier> load(ClassifierKind kind) const {
    return TextClassifier::load(resolved(), kind, Config::Precision::F32);
  }
  std::filesystem::path file(std::string_view name) const { return directory_.path() / name; }

  TemporaryDirectory directory_;
};

std::vector<float> classify(const TextClassifier& classifier, std::span<const std::string_view> texts) {
  const text::TokenBatch batch = classifier.tokenize(texts);
  std::vector<float> logits((classifier.is_per_token() ? batch.num_tokens() : texts.size()) *
                            classifier.row_width());
  classifier.make_worker()->compute(view(batch), logits);
  return logits;
}

TEST_F(TextClassifierTest, a_text_s_logits_are_the_head_s_of_its_first_token) {
  const auto tokens = load(ClassifierKind::Token);
  const auto sequences = load(ClassifierKind::Sequence);
  const std::vector<std::string_view> texts{"the sea", "the old city"};
  const std::vector<float> per_token = classify(*tokens, texts);
  const std::vector<float> per_text = classify(*sequences, texts);
  const text::TokenBatch batch = sequences->tokenize(texts);
  ASSERT_EQ(per_token.size(), batch.num_tokens() * 3);
  ASSERT_EQ(per_text.size(), 2u * 3);
  for (size_t text = 0; text < 2; ++text) {
    EXPECT_THAT(std::span(per_text).subspan(text * 3, 3),
                Pointwise(FloatNear(1e-5f), std::span(per_token).subspan(batch.offsets[text] * 3, 3)));
  }
}

TEST_F(TextClassifierTest, a_batch_does_not_change_a_text_s_logits) {
  const auto classifier = load(ClassifierKind::Sequence);
  const std::vector<std::string_view> texts{"the sea", "a", "the old city in the rain"};
  const std::vector<float> together = classify(*classifier, texts);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_THAT(classify(*classifier, std::span(texts).subspan(i, 1)),
                Pointwise(FloatNear(1e-5f), std::span(together).subspan(i * 3, 3)));
  }
}

TEST_F(TextClassifierTest, labels_and_limits_come_from_the_directory) {
  const auto classifier = load(ClassifierKind::Token);
  EXPECT_EQ(classifier->model_id(), "tiny");
  EXPECT_EQ(classifier->kind(), ClassifierKind::Token);
  EXPECT_THAT(classifier->labels(), ElementsAre("O", "B-PER", "I-PER"));
  EXPECT_EQ(classifier->max_tokens(), 128u);
  EXPECT_EQ(classifier->precision(), nn::Precision::F32);
  EXPECT_GT(classifier->weight_bytes(), 596u * 32 * sizeof(float));
  testing::edit_file(file("config.json"), R"("1": "B-PER")", R"("7": "B-PER")");
  EXPECT_THAT(load(ClassifierKind::Token)->labels(), ElementsAre("O", "LABEL_1", "I-PER"));
}

TEST_F(TextClassifierTest, tokens_know_where_they_come_from) {
  const std::string_view text = "the sea";
  using Span = text::CharacterSpan;
  EXPECT_THAT(load(ClassifierKind::Token)->tokenize({&text, 1}).spans,
              ElementsAre(Span{0, 0}, Span{0, 3}, Span{4, 7}, Span{0, 0}));
  EXPECT_THAT(load(ClassifierKind::Sequence)->tokenize({&text, 1}).spans, IsEmpty());
}

TEST_F(TextClassifierTest, models_without_labels_or_head_are_refused) {
  write_head("qualifier");
  EXPECT_ERROR(ErrorCode::NotFound, "Model error: tiny: weight not found: classifier.weight",
               load(ClassifierKind::Sequence));
  testing::edit_file(file("config.json"), "id2label", "no_id2label");
  EXPECT_ERROR(ErrorCode::DataCorruption, "No id2label mapping for classification model",
               load(ClassifierKind::Sequence));
  EXPECT_ERROR(ErrorCode::DataCorruption, "No id2label mapping for NER model", load(ClassifierKind::Token));
}

TEST_F(TextClassifierTest, a_head_of_another_number_of_classes_is_refused) {
  testing::edit_file(file("config.json"), R"(, "2": "I-PER")", "");
  EXPECT_ERROR(ErrorCode::DataCorruption, "classifier.weight has shape [3, 32] instead of [2, 32]",
               load(ClassifierKind::Sequence));
}

TEST_F(TextClassifierTest, a_head_of_the_other_kind_is_refused) {
  // tiny_bert's own entry says nothing about heads.
  EXPECT_NE(load(ClassifierKind::Sequence), nullptr);
  testing::edit_file(file("config.json"), "BertModel", "BertForTokenClassification");
  EXPECT_NE(load(ClassifierKind::Token), nullptr);
  EXPECT_ERROR(ErrorCode::Unsupported,
               "no head for classification but one for the task ner: BertForTokenClassification",
               load(ClassifierKind::Sequence));
  testing::edit_file(file("config.json"), "BertForTokenClassification", "BertForSequenceClassification");
  EXPECT_NE(load(ClassifierKind::Sequence), nullptr);
  EXPECT_ERROR(ErrorCode::Unsupported, "no head for NER but one for the task classification",
               load(ClassifierKind::Token));
}

TEST_F(TextClassifierTest, a_missing_tokenizer_is_named) {
  std::filesystem::remove(file("tokenizer.json"));
  EXPECT_ERROR(ErrorCode::NotFound, "No tokenizer loaded for classification model",
               load(ClassifierKind::Sequence));
  EXPECT_ERROR(ErrorCode::NotFound, "No tokenizer loaded for NER model", load(ClassifierKind::Token));
}

}  // namespace
}  // namespace jammi::model
