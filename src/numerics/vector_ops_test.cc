#include "numerics/vector_ops.h"

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "numerics/vector_kernels.h"

namespace jammi::numerics {
namespace {

// Around every register width, and usual model widths.
constexpr size_t kLengths[] = {0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 384, 385, 1024};

std::vector<float> random_vector(size_t n, uint32_t seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& value : values) value = normal(generator);
  return values;
}

double reference_dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * b[i];
  return sum;
}

double reference_cosine(std::span<const float> a, std::span<const float> b) {
  return reference_dot(a, b) / std::sqrt(reference_dot(a, a) * reference_dot(b, b));
}

/// Tests every set of kernels that this CPU can run.
class VectorKernelsTest : public ::testing::TestWithParam<const VectorKernels*> {
 protected:
  const VectorKernels& kernels_ = *GetParam();
};

TEST_P(VectorKernelsTest, dot_products_match_double_arithmetic) {
  for (size_t n : kLengths) {
    const auto a = random_vector(n, 1), b = random_vector(n, 2);
    const double tolerance = 1e-6 * (1 + static_cast<double>(n));
    EXPECT_NEAR(kernels_.dot(a.data(), b.data(), n), reference_dot(a, b), tolerance) << n;
    const DotAndNorm sums = kernels_.dot_and_norm(a.data(), b.data(), n);
    EXPECT_NEAR(sums.dot, reference_dot(a, b), tolerance) << n;
    EXPECT_NEAR(sums.squared_norm, reference_dot(b, b), tolerance) << n;
  }
}

TEST_P(VectorKernelsTest, half_precision_round_trips_and_multiplies) {
  for (size_t n : kLengths) {
    const auto values = random_vector(n, 3);
    std::vector<Half> halves(n);
    std::vector<float> back(n);
    kernels_.to_half(values.data(), halves.data(), n);
    kernels_.to_float(halves.data(), back.data(), n);
    for (size_t i = 0; i < n; ++i) EXPECT_NEAR(back[i], values[i], std::abs(values[i]) / 2048 + 1e-7) << n;
    EXPECT_NEAR(kernels_.dot_half(halves.data(), halves.data(), n), reference_dot(back, back),
                1e-6 * (1 + static_cast<double>(n)));
  }
}

TEST_P(VectorKernelsTest, every_half_converts_to_float_and_back) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const Half half = static_cast<Half>(bits);
    float value = 0;
    Half back = 0;
    kernels_.to_float(&half, &value, 1);
    kernels_.to_half(&value, &back, 1);
    if (std::isnan(value)) {
      EXPECT_EQ(bits & 0x7C00, 0x7C00u);
      continue;
    }
    ASSERT_EQ(back, half) << bits;
  }
}

TEST_P(VectorKernelsTest, halves_round_to_nearest_even_and_overflow_to_infinity) {
  auto half_of = [&](float value) {
    Half half = 0;
    kernels_.to_half(&value, &half, 1);
    return half;
  };
  EXPECT_EQ(half_of(1.0f), 0x3C00);
  EXPECT_EQ(half_of(1.0f + 0x1p-11f), 0x3C00);
  EXPECT_EQ(half_of(1.0f + 3 * 0x1p-11f), 0x3C02);
  EXPECT_EQ(half_of(65504.0f), 0x7BFF);
  EXPECT_EQ(half_of(70000.0f), 0x7C00);
  EXPECT_EQ(half_of(-0x1p-24f), 0x8001);
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, VectorKernelsTest, ::testing::ValuesIn(supported_kernels()),
                         [](const auto& kernels) { return std::string(kernels.param->instruction_set); });

TEST(VectorOps, uses_the_best_kernels_of_this_cpu) {
  EXPECT_EQ(instruction_set(), supported_kernels().front()->instruction_set);
}

TEST(VectorOps, cosine_matches_double_arithmetic) {
  for (size_t n : {3u, 384u, 1024u}) {
    const auto a = random_vector(n, 5), b = random_vector(n, 6);
    EXPECT_NEAR(cosine(a, b), reference_cosine(a, b), 1e-6);
  }
}

TEST(VectorOps, cosine_of_rows_equals_cosine_of_each_row) {
  const auto query = random_vector(20, 7), rows = random_vector(20 * 5, 8);
  std::vector<float> similarities(5);
  cosine_rows(query, rows, similarities);
  for (size_t row = 0; row < 5; ++row)
    EXPECT_EQ(similarities[row], cosine(query, std::span(rows).subspan(row * 20, 20)));
}

TEST(VectorOps, cosine_of_a_vanishing_vector_is_zero) {
  const std::vector<float> zero(8, 0.0f), tiny(8, 1e-30f), one(8, 1.0f);
  EXPECT_EQ(cosine(zero, one), 0.0f);
  EXPECT_EQ(cosine(zero, zero), 0.0f);
  EXPECT_EQ(cosine(tiny, one), 0.0f);
}

TEST(VectorOps, cosine_stays_in_range_for_huge_and_parallel_vectors) {
  const std::vector<float> huge(8, 1e30f), minus_huge(8, -1e30f);
  EXPECT_EQ(cosine(huge, huge), 1.0f);
  EXPECT_EQ(cosine(huge, minus_huge), -1.0f);
  const auto a = random_vector(384, 9);
  EXPECT_LE(cosine(a, a), 1.0f);
  EXPECT_NEAR(cosine(a, a), 1.0f, 1e-6);
}

TEST(VectorOps, finite_means_neither_infinite_nor_nan) {
  std::vector<float> values(10, 1.0f);
  EXPECT_TRUE(all_finite(values));
  values[9] = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(all_finite(values));
  values[9] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(all_finite(values));
}

}  // namespace
}  // namespace jammi::numerics
