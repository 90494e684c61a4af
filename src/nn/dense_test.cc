#include "nn/dense.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "nn/testing.h"

namespace jammi::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;

testing::MemoryTensorSource weights() {
  testing::MemoryTensorSource source;
  source.set("w", {2, 3}, std::vector<float>{1, 2, 3, -1, 0, 1});
  source.set("b", {2}, std::vector<float>{0.5f, -4});
  return source;
}

TEST(Dense, rows_are_multiplied_shifted_and_activated) {
  const std::vector<float> rows{1, 1, 1, 2, 0, 0};
  const LinearNames names{.weight = "w", .bias = "b"};
  EXPECT_THAT(Dense::read(weights(), names, 3, 2).apply(rows), ElementsAre(6.5f, -4, 2.5f, -6));
  EXPECT_THAT(Dense::read(weights(), names, 3, 2, Dense::Activation::Relu).apply(rows),
              ElementsAre(6.5f, 0, 2.5f, 0));
  EXPECT_THAT(Dense::read(weights(), names, 3, 2, Dense::Activation::Tanh).apply(rows),
              ElementsAre(FloatEq(std::tanh(6.5f)), FloatEq(std::tanh(-4.0f)), FloatEq(std::tanh(2.5f)),
                          FloatEq(std::tanh(-6.0f))));
  const auto gelu = [](float x) { return FloatEq(x * 0.5f * (1 + std::erf(x / std::sqrt(2.0f)))); };
  EXPECT_THAT(Dense::read(weights(), names, 3, 2, Dense::Activation::Gelu).apply(rows),
              ElementsAre(gelu(6.5f), gelu(-4), gelu(2.5f), gelu(-6)));
}

TEST(Dense, a_bias_without_a_name_is_zero) {
  EXPECT_THAT(Dense::read(weights(), {.weight = "w", .bias = ""}, 3, 2).apply(std::vector<float>{1, 1, 1}),
              ElementsAre(6, 0));
}

TEST(Dense, a_transposed_weight_is_read_by_columns) {
  testing::MemoryTensorSource source;
  source.set("w", {3, 2}, std::vector<float>{1, -1, 2, 0, 3, 1});
  EXPECT_THAT(Dense::read_transposed(source, "w", 3, 2).apply(std::vector<float>{1, 1, 1}),
              ElementsAre(6, 0));
}

TEST(Dense, an_unusable_weight_is_named) {
  EXPECT_ERROR(ErrorCode::DataCorruption, "w has shape [2, 3] instead of [3, 2]",
               Dense::read(weights(), {.weight = "w", .bias = ""}, 2, 3));
  EXPECT_ERROR(ErrorCode::NotFound, "weight not found: p", Dense::read_transposed(weights(), "p", 3, 2));
}

}  // namespace
}  // namespace jammi::nn
