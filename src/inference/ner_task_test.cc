#include "inference/ner_task.h"

#include <limits>

#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <jammi/error.h>

#include "base/testing.h"
#include "inference/class_scores.h"
#include "inference/testing.h"

namespace jammi::inference {
namespace {

using testing::cells;
using ::testing::ElementsAre;
using testing::tiny_ner;
using Span = text::CharacterSpan;

std::shared_ptr<const TextTask> tiny_task() {
  return make_ner_task(tiny_ner(), tiny_ner()->labels());
}

/// What tiny_ner finds in a text, as "label text start-end" in the order of the text.
std::vector<std::string> found_in(const std::string& text) {
  const TaskOutput output = testing::run(*tiny_task(), {text});
  std::vector<std::string> found;
  for (const auto& entity : nlohmann::json::parse(cells(*output.columns[0])[0])) {
    found.push_back(entity["label"].get<std::string>() + " " + entity["text"].get<std::string>() + " " +
                    entity["start"].dump() + "-" + entity["end"].dump());
  }
  return found;
}

/// tiny_ner's class number of a label.
size_t class_of(std::string_view label) {
  return static_cast<size_t>(std::ranges::find(tiny_ner()->labels(), label) - tiny_ner()->labels().begin());
}

struct Token {
  Span span;
  std::string_view label;
};

/// A row whose tokens have these labels for certain.
TextModelOutput row_of(const std::string& text, const std::vector<Token>& tokens) {
  TextModelOutput output;
  output.rows = {{.row_id = "k", .text = text, .error = ""}};
  output.firsts = {0, tokens.size()};
  for (const Token& token : tokens) {
    output.spans.push_back(token.span);
    std::vector<float> logits(tiny_ner()->labels().size());
    logits[class_of(token.label)] = 1000;
    output.values.append_range(logits);
  }
  return output;
}

std::string entities_of(const std::string& text, const std::vector<Token>& tokens) {
  return cells(*tiny_task()->finish(row_of(text, tokens)).columns[0])[0];
}

TEST(NerTask, finds_names_and_where_they_stand) {
  EXPECT_THAT(
      found_in("In 1843 Ada Lovelace wrote from London to Grace Hopper at Acme."),
      ElementsAre("PER Ada Lovelace 8-20", "LOC London 32-38", "PER Grace Hopper 42-54", "ORG Acme 58-62"));
}

TEST(NerTask, positions_count_code_points) {
  EXPECT_THAT(found_in("日本語 London"), ElementsAre("LOC London 4-10"));
  EXPECT_THAT(found_in("🙂🙂 👨‍👩‍👧 London"), ElementsAre("LOC London 9-15"));
  EXPECT_THAT(found_in("cafe\u0301 London"), ElementsAre("LOC London 6-12")) << "a combining mark";
  EXPECT_THAT(found_in("\u0130zmir London"), ElementsAre("LOC London 6-12")) << "longer in lower case";
  EXPECT_THAT(found_in("שלום חיפה London"), ElementsAre("LOC חיפה 5-9", "LOC London 10-16"));
  EXPECT_THAT(found_in("去北京 London"), ElementsAre("LOC 北京 1-3", "LOC London 4-10"));
  EXPECT_THAT(found_in("a\r\n\tLondon"), ElementsAre("LOC London 4-10"));
}

TEST(NerTask, an_entity_has_its_fields_in_order) {
  EXPECT_EQ(entities_of("Google", {{{0, 0}, "O"}, {{0, 6}, "B-ORG"}, {{0, 0}, "O"}}),
            R"([{"text":"Google","label":"ORG","start":0,"end":6,"confidence":1.0}])");
}

TEST(NerTask, a_text_without_entities_has_an_empty_list) {
  EXPECT_EQ(entities_of("the sea", {{{0, 0}, "O"}, {{0, 3}, "O"}, {{4, 7}, "I-LOC"}, {{0, 0}, "O"}}), "[]");
}

TEST(NerTask, texts_are_escaped) {
  const std::string text = "say \"\\\n\u0001😀\"";
  const auto entities = nlohmann::json::parse(entities_of(text, {{{4, 10}, "B-PER"}}));
  EXPECT_EQ(entities[0]["text"], "\"\\\n\u0001😀\"");
  EXPECT_EQ(entities_of("\xFF", {{{0, 1}, "B-PER"}}),
            R"([{"text":"�","label":"PER","start":0,"end":1,"confidence":1.0}])");
}

TEST(NerTask, the_blank_that_a_token_begins_with_is_not_part_of_the_entity) {
  EXPECT_EQ(entities_of("at  New York", {{{2, 7}, "B-LOC"}, {{7, 12}, "I-LOC"}}),
            R"([{"text":"New York","label":"LOC","start":4,"end":12,"confidence":1.0}])");
}

TEST(NerTask, tokens_of_one_character_may_each_begin_an_entity) {
  EXPECT_EQ(entities_of("x😀y", {{{1, 2}, "B-LOC"}, {{1, 2}, "B-PER"}}),
            R"([{"text":"😀","label":"LOC","start":1,"end":2,"confidence":1.0},)"
            R"({"text":"😀","label":"PER","start":1,"end":2,"confidence":1.0}])");
}

TEST(NerTask, rows_keep_to_themselves) {
  const auto task = tiny_task();
  std::vector<std::string> texts{"London", "", "rice", "Ada Lovelace in London"};
  const TaskOutput output = testing::run(*task, texts);
  EXPECT_EQ(output.rows[1].error, "Empty or null text input");
  const std::vector<std::string> together = cells(*output.columns[0]);
  EXPECT_EQ(together[1], "null");
  EXPECT_EQ(together[2], "[]");
  for (size_t i : {0, 3}) {
    const std::string alone = cells(*testing::run(*task, {texts[i]}).columns[0])[0];
    const auto expected = nlohmann::json::parse(alone);
    const auto entities = nlohmann::json::parse(together[i]);
    ASSERT_EQ(entities.size(), expected.size());
    for (size_t entity = 0; entity < entities.size(); ++entity) {
      EXPECT_EQ(entities[entity]["text"], expected[entity]["text"]);
      EXPECT_NEAR(entities[entity]["confidence"].get<float>(), expected[entity]["confidence"].get<float>(),
                  1e-5f);
    }
  }
}

TEST(NerTask, logits_that_are_not_finite_make_an_error_row) {
  TextModelOutput output = row_of("London", {{{0, 6}, "B-LOC"}});
  output.values[2] = std::numeric_limits<float>::quiet_NaN();
  const TaskOutput finished = tiny_task()->finish(std::move(output));
  EXPECT_EQ(finished.rows[0].error, kNotFiniteError);
  EXPECT_THAT(cells(*finished.columns[0]), ElementsAre("null"));
}

TEST(NerTask, a_model_without_labels_that_begin_entities_is_refused) {
  EXPECT_ERROR(ErrorCode::Unsupported, "no label of the model begins with B-; its first one is: PER",
               make_ner_task(tiny_ner(), {"PER", "LOC", "ORG", "I-X", "O", "L5", "L6"}));
}

}  // namespace
}  // namespace jammi::inference
