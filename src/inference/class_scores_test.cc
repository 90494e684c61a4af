#include "inference/class_scores.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jammi::inference {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;

TEST(ClassScores, softmax_is_that_of_the_definition) {
  std::vector<float> scores{std::log(1.0f), std::log(2.0f), std::log(5.0f)};
  const auto best = likeliest_class(scores);
  EXPECT_EQ(best->number, 2u);
  EXPECT_NEAR(best->probability, 0.625f, 1e-6f);
  soften(scores);
  EXPECT_THAT(scores,
              ElementsAre(FloatNear(0.125f, 1e-6f), FloatNear(0.25f, 1e-6f), FloatNear(0.625f, 1e-6f)));
}

TEST(ClassScores, the_first_of_equal_maxima_wins) {
  const std::vector<float> logits{1, 7, 7, 0};
  EXPECT_EQ(likeliest_class(logits)->number, 1u);
}

TEST(ClassScores, huge_logits_neither_overflow_nor_vanish) {
  std::vector<float> logits{3e38f, -3e38f, 3e38f};
  EXPECT_EQ(likeliest_class(logits)->probability, 0.5f);
  soften(logits);
  EXPECT_THAT(logits, ElementsAre(0.5f, 0.0f, 0.5f));
}

TEST(ClassScores, one_class_is_certain) {
  const float logit = -4;
  EXPECT_EQ(likeliest_class({&logit, 1})->probability, 1.0f);
}

TEST(ClassScores, logits_that_are_not_finite_have_no_likeliest_class) {
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                    -std::numeric_limits<float>::infinity()}) {
    const std::vector<float> logits{1, bad, 2};
    EXPECT_FALSE(likeliest_class(logits).has_value());
  }
}

}  // namespace
}  // namespace jammi::inference
