#include "inference/bio_decoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jammi::inference {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A token with a label of kLabels and its probability.
struct Token {
  text::CharacterSpan span;
  const char* label;
  float probability = 1;
};

const std::vector<std::string> kLabels{"O", "B-PER", "I-PER", "B-LOC", "I-LOC", "PER", "B-"};

std::vector<Entity> decode(const std::vector<Token>& tokens) {
  std::vector<text::CharacterSpan> spans;
  std::vector<LikeliestClass> classes;
  for (const Token& token : tokens) {
    spans.push_back(token.span);
    const auto label = std::ranges::find(kLabels, token.label);
    classes.push_back({static_cast<size_t>(label - kLabels.begin()), token.probability});
  }
  return BioDecoder(kLabels).decode(spans, classes);
}

TEST(BioDecoder, an_entity_spans_its_tokens_and_has_their_mean_probability) {
  EXPECT_THAT(
      decode({{{0, 3}, "B-PER", 0.5f}, {{4, 9}, "I-PER", 1}, {{9, 12}, "I-PER", 0.75f}, {{13, 14}, "O"}}),
      ElementsAre(Entity{"PER", {0, 12}, 0.75f}));
}

TEST(BioDecoder, an_entity_at_the_end_is_closed) {
  EXPECT_THAT(decode({{{0, 1}, "O"}, {{2, 4}, "B-LOC", 0.5f}, {{5, 6}, "I-LOC", 0.25f}}),
              ElementsAre(Entity{"LOC", {2, 6}, 0.375f}));
}

TEST(BioDecoder, a_beginning_ends_what_is_open) {
  EXPECT_THAT(decode({{{0, 1}, "B-PER"}, {{2, 3}, "B-PER"}, {{4, 5}, "B-LOC"}}),
              ElementsAre(Entity{"PER", {0, 1}, 1}, Entity{"PER", {2, 3}, 1}, Entity{"LOC", {4, 5}, 1}));
}

TEST(BioDecoder, an_inside_of_another_type_ends_what_is_open_and_begins_nothing) {
  EXPECT_THAT(decode({{{0, 1}, "B-PER"}, {{2, 3}, "I-LOC"}, {{4, 5}, "I-PER"}, {{6, 7}, "I-LOC"}}),
              ElementsAre(Entity{"PER", {0, 1}, 1}));
}

TEST(BioDecoder, an_inside_without_a_beginning_is_nothing) {
  EXPECT_THAT(decode({{{0, 1}, "I-PER"}, {{2, 3}, "I-PER"}}), IsEmpty());
}

TEST(BioDecoder, special_tokens_neither_end_nor_lengthen_an_entity) {
  EXPECT_THAT(
      decode({{{0, 0}, "B-LOC"}, {{0, 2}, "B-PER"}, {{0, 0}, "O"}, {{3, 5}, "I-PER"}, {{0, 0}, "I-PER"}}),
      ElementsAre(Entity{"PER", {0, 5}, 1}));
}

TEST(BioDecoder, labels_that_are_no_bio_tags_are_outside) {
  EXPECT_THAT(decode({{{0, 1}, "B-PER"}, {{1, 2}, "PER"}, {{2, 3}, "I-PER"}, {{3, 4}, "B-"}}),
              ElementsAre(Entity{"PER", {0, 1}, 1}, Entity{"", {3, 4}, 1}));
}

TEST(BioDecoder, no_tokens_have_no_entities) {
  EXPECT_THAT(decode({}), IsEmpty());
}

TEST(BioDecoder, only_labels_with_a_beginning_can_give_entities) {
  EXPECT_TRUE(BioDecoder({"O", "B-X"}).can_begin());
  EXPECT_FALSE(BioDecoder({"O", "I-X", "LABEL_2"}).can_begin());
}

}  // namespace
}  // namespace jammi::inference
