#include "nn/head.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/testing.h"

namespace jammi::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;

testing::MemoryTensorSource weights() {
  testing::MemoryTensorSource source;
  source.set("hidden", {2, 2}, std::vector<float>{1, 0, 0, -1});
  source.set("output", {3, 2}, std::vector<float>{1, 0, 0, 1, 1, 1});
  return source;
}

Dense hidden() {
  return Dense::read(weights(), {.weight = "hidden", .bias = ""}, 2, 2, Dense::Activation::Relu);
}

Dense output() {
  return Dense::read(weights(), {.weight = "output", .bias = ""}, 2, 3);
}

const std::vector<float> kRows{3, -1, 2, 4};

TEST(Head, without_a_hidden_layer_is_one_linear_layer) {
  const Head head{.hidden = std::nullopt, .norm = std::nullopt, .output = output()};
  EXPECT_EQ(head.num_classes(), 3u);
  EXPECT_THAT(head.apply(kRows), ElementsAre(3, -1, 2, 2, 4, 6));
}

TEST(Head, a_hidden_layer_comes_first) {
  const Head head{.hidden = hidden(), .norm = std::nullopt, .output = output()};
  EXPECT_THAT(head.apply(kRows), ElementsAre(3, 1, 4, 2, 0, 2));
}

TEST(Head, the_hidden_layer_s_rows_are_normalised_one_by_one) {
  const Head head{.hidden = hidden(),
                  .norm = Head::Norm{.weight = {1, 2}, .bias = {0, 5}, .epsilon = 3},
                  .output = output()};
  // Both hidden rows, (3, 1) and (2, 0), lie one to each side of their mean.
  const float x = 1 / std::sqrt(1 + 3.0f);
  const auto near = [](float value) { return FloatNear(value, 1e-6f); };
  EXPECT_THAT(head.apply(kRows),
              ElementsAre(near(x), near(5 - 2 * x), near(5 - x), near(x), near(5 - 2 * x), near(5 - x)));
}

}  // namespace
}  // namespace jammi::nn
