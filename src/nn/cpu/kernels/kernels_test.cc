#include "nn/cpu/kernels/kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "nn/cpu/panel_linear.h"
#include "nn/cpu/quantized_linear.h"

namespace jammi::nn::cpu {
namespace {

std::vector<float> random_values(size_t size, uint32_t seed, float spread = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution(0, spread);
  std::vector<float> values(size);
  for (float& value : values) value = distribution(random);
  return values;
}

double gelu(double x) {
  return x * 0.5 * (1 + std::erf(x / std::sqrt(2.0)));
}

double gelu_tanh(double x) {
  return x * 0.5 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

/// Nearest bf16 of a finite value, found by comparing the two candidates.
float nearest_bf16(float value) {
  const uint32_t low = std::bit_cast<uint32_t>(value) & 0xFFFF0000U;
  const uint32_t high = low + 0x10000U;
  const double below = std::abs(double{value} - std::bit_cast<float>(low));
  const double above = std::abs(double{value} - std::bit_cast<float>(high));
  const bool takes_high = above < below || (above == below && (high & 0x10000U) == 0);
  return std::bit_cast<float>(takes_high ? high : low);
}

class KernelsTest : public ::testing::TestWithParam<Isa> {
 protected:
  const Kernels& kernels_ = kernels_for(GetParam());
  std::vector<float> scratch_ = std::vector<float>(kProductScratch);
};

std::vector<Isa> available_isas() {
  std::vector<Isa> isas;
  for (Isa isa : kIsas) {
    if (is_available(isa)) isas.push_back(isa);
  }
  return isas;
}

INSTANTIATE_TEST_SUITE_P(Available, KernelsTest, ::testing::ValuesIn(available_isas()),
                         [](const auto& isa) { return std::string(to_string(isa.param)); });

TEST_P(KernelsTest, products_of_any_size_equal_plain_sums) {
  constexpr size_t kSizes[][3] = {{1, 1, 1},   {3, 5, 7},     {6, 16, 16},   {7, 17, 33},   {8, 384, 31},
                                  {13, 9, 64}, {193, 20, 24}, {25, 385, 40}, {2, 1000, 17}, {200, 800, 5}};
  for (const auto& [rows, depth, columns] : kSizes) {
    LinearWeights weights;
    weights.in_features = depth;
    weights.out_features = columns;
    weights.weight = random_values(depth * columns, 1);
    weights.bias = random_values(columns, 2);
    const PanelLinear linear(weights, kernels_, false);
    const std::vector<float> source = random_values(rows * depth, 3);
    const std::vector<float> before = random_values(rows * columns, 4);
    for (bool adds : {false, true}) {
      std::vector<float> target = before;
      Product product = linear.product(rows, source.data(), target.data());
      product.scratch = scratch_.data();
      product.finish.adds_to_target = adds;
      kernels_.multiply(product);
      for (size_t i = 0; i < target.size(); ++i) {
        double expected = weights.bias[i % columns] + (adds ? before[i] : 0.0f);
        for (size_t k = 0; k < depth; ++k) {
          expected += double{source[i / columns * depth + k]} * weights.weight[i % columns * depth + k];
        }
        ASSERT_NEAR(target[i], expected, 1e-4) << rows << "x" << depth << "x" << columns << " at " << i;
      }
    }
  }
}

TEST_P(KernelsTest, epilogues_are_exact_to_one_millionth) {
  LinearWeights identity;
  identity.in_features = identity.out_features = 1;
  identity.weight = {1};
  identity.bias = {0};
  const PanelLinear linear(identity, kernels_, false);
  std::vector<float> source;
  for (int i = -50000; i <= 50000; ++i) source.push_back(static_cast<float>(i) * 1e-4f);
  for (float large : {-1e30f, -100.0f, -9.0f, 9.0f, 100.0f, 1e30f}) source.push_back(large);
  std::vector<float> target(source.size());
  const auto apply = [&](Epilogue epilogue) {
    Product product = linear.product(source.size(), source.data(), target.data());
    product.scratch = scratch_.data();
    product.finish.epilogue = epilogue;
    kernels_.multiply(product);
  };
  const auto tolerance = [](double expected) { return std::max(1e-6, 1e-6 * std::abs(expected)); };
  apply(Epilogue::Gelu);
  for (size_t i = 0; i < source.size(); ++i) {
    ASSERT_NEAR(target[i], gelu(source[i]), tolerance(source[i])) << source[i];
  }
  apply(Epilogue::GeluTanh);
  for (size_t i = 0; i < source.size(); ++i) {
    ASSERT_NEAR(target[i], gelu_tanh(source[i]), tolerance(source[i])) << source[i];
  }
  apply(Epilogue::QuickGelu);
  for (size_t i = 0; i < source.size(); ++i) {
    ASSERT_NEAR(target[i], source[i] / (1 + std::exp(-1.702 * source[i])), tolerance(source[i]));
  }
  apply(Epilogue::Relu);
  for (size_t i = 0; i < source.size(); ++i) ASSERT_EQ(target[i], std::max(source[i], 0.0f));
  apply(Epilogue::None);
  EXPECT_EQ(target, source);
}

TEST_P(KernelsTest, products_round_their_results_to_bf16_on_request) {
  LinearWeights weights;
  weights.in_features = 20;
  weights.out_features = 19;
  weights.weight = random_values(20 * 19, 1);
  weights.bias = random_values(19, 2);
  const PanelLinear linear(weights, kernels_, false);
  const std::vector<float> source = random_values(5 * 20, 3);
  std::vector<float> exact(5 * 19);
  std::vector<float> rounded(5 * 19);
  Product product = linear.product(5, source.data(), exact.data());
  product.scratch = scratch_.data();
  kernels_.multiply(product);
  product.target = rounded.data();
  product.finish.rounds_to_bf16 = true;
  kernels_.multiply(product);
  for (size_t i = 0; i < exact.size(); ++i) EXPECT_EQ(rounded[i], nearest_bf16(exact[i]));
}

std::vector<float> quantized_product(const Kernels& kernels, const LinearWeights& weights,
                                     const std::vector<float>& source, std::vector<float> target,
                                     const Finish& finish) {
  QuantizedRows rows;
  QuantizedLinear(weights, kernels)
      .multiply(kernels, source.size() / weights.in_features, source.data(), target.data(), finish, rows);
  return target;
}

/// What quantisation makes of the values of rows: their product with the identity, whose weights are exact.
std::vector<float> rounded_rows(const Kernels& kernels, const std::vector<float>& source, size_t width) {
  LinearWeights identity{.in_features = width,
                         .out_features = width,
                         .weight = std::vector<float>(width * width),
                         .bias = std::vector<float>(width)};
  for (size_t i = 0; i < width; ++i) identity.weight[i * width + i] = 1;
  return quantized_product(kernels, identity, source, std::vector<float>(source.size()), {});
}

TEST_P(KernelsTest, quantised_rows_keep_their_ends_and_every_value_to_half_a_step) {
  for (size_t width : {1, 3, 4, 7, 15, 16, 17, 100, 384}) {
    std::vector<float> source = random_values(3 * width, 13, 5);
    std::fill_n(source.begin() + static_cast<ptrdiff_t>(width), width, -2.5f);  // a row without a range
    const std::vector<float> rounded = rounded_rows(kernels_, source, width);
    for (size_t row = 0; row < 3; ++row) {
      const auto of_row = std::span(source).subspan(row * width, width);
      const auto [lowest, highest] = std::ranges::minmax(of_row);
      const float step = (highest - lowest) / 255;
      for (size_t i = 0; i < width; ++i) {
        const bool is_end = of_row[i] == lowest || of_row[i] == highest;
        EXPECT_NEAR(rounded[row * width + i], of_row[i], is_end ? 2e-5 : 0.501 * step) << "width " << width;
      }
    }
  }
}

/// A weight rounded as QuantizedLinear promises: in steps of a 127th of its output's largest.
double rounded_weight(const LinearWeights& weights, size_t output, size_t input) {
  const auto row = std::span(weights.weight).subspan(output * weights.in_features, weights.in_features);
  float largest = 0;
  for (float weight : row) largest = std::max(largest, std::abs(weight));
  return std::round(row[input] / largest * 127) * largest / 127;
}

TEST_P(KernelsTest, quantised_products_of_any_size_equal_plain_sums_of_the_rounded_values) {
  constexpr size_t kSizes[][3] = {{1, 1, 1},   {3, 5, 7},     {6, 16, 16},   {7, 17, 33},   {8, 384, 31},
                                  {13, 9, 64}, {193, 20, 24}, {25, 385, 40}, {2, 1000, 17}, {50, 801, 5}};
  for (const auto& [rows, depth, columns] : kSizes) {
    const LinearWeights weights{.in_features = depth,
                                .out_features = columns,
                                .weight = random_values(depth * columns, 1),
                                .bias = random_values(columns, 2)};
    const std::vector<float> source = random_values(rows * depth, 3);
    const std::vector<float> before = random_values(rows * columns, 4);
    const std::vector<float> rounded = rounded_rows(kernels_, source, depth);
    for (bool adds : {false, true}) {
      const std::vector<float> target =
          quantized_product(kernels_, weights, source, before, {.adds_to_target = adds});
      for (size_t i = 0; i < target.size(); ++i) {
        double expected = weights.bias[i % columns] + (adds ? before[i] : 0.0f);
        for (size_t k = 0; k < depth; ++k) {
          expected += rounded[i / columns * depth + k] * rounded_weight(weights, i % columns, k);
        }
        ASSERT_NEAR(target[i], expected, 1e-3) << rows << "x" << depth << "x" << columns << " at " << i;
      }
    }
  }
}

TEST_P(KernelsTest, quantised_products_do_not_saturate) {
  constexpr size_t kDepth = 3072;
  LinearWeights weights{.in_features = kDepth,
                        .out_features = 2,
                        .weight = std::vector<float>(2 * kDepth, 1.0f),
                        .bias = {0, 0}};
  std::fill_n(weights.weight.begin() + kDepth, kDepth, -1.0f);
  std::vector<float> source(kDepth, 255.0f);
  source[0] = 0;
  const std::vector<float> target = quantized_product(kernels_, weights, source, {0, 0}, {});
  EXPECT_FLOAT_EQ(target[0], 255.0f * (kDepth - 1));
  EXPECT_FLOAT_EQ(target[1], -255.0f * (kDepth - 1));
}

TEST_P(KernelsTest, quantised_products_apply_their_epilogue) {
  const LinearWeights weights{.in_features = 20,
                              .out_features = 19,
                              .weight = random_values(20 * 19, 1),
                              .bias = random_values(19, 2)};
  const std::vector<float> source = random_values(5 * 20, 3);
  const std::vector<float> zeros(5 * 19);
  const std::vector<float> plain = quantized_product(kernels_, weights, source, zeros, {});
  const std::vector<float> activated =
      quantized_product(kernels_, weights, source, zeros, {.epilogue = Epilogue::Gelu});
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_NEAR(activated[i], gelu(plain[i]), 5e-6);
}

TEST_P(KernelsTest, attention_of_any_length_and_head_size_equals_plain_softmax) {
  constexpr size_t kHeads = 2;
  for (size_t head_size : {1, 4, 5, 16, 31, 32, 33, 64, 80}) {
    for (size_t length : {1, 2, 6, 7, 16, 17, 33, 70}) {
      const size_t width = kHeads * head_size;
      const std::vector<float> qkv = random_values(length * 3 * width, 5);
      std::vector<float> context(length * width);
      std::vector<float> scratch(kernels_.attention_scratch(length, head_size));
      kernels_.attend({.length = length,
                       .num_heads = kHeads,
                       .head_size = head_size,
                       .qkv = qkv.data(),
                       .context = context.data(),
                       .scratch = scratch.data()});
      for (size_t i = 0; i < context.size(); ++i) {
        const size_t column = i % width;
        const float* query = &qkv[i / width * 3 * width + column / head_size * head_size];
        double total = 0;
        double expected = 0;
        for (size_t j = 0; j < length; ++j) {
          const float* key = &qkv[(j * 3 + 1) * width + column / head_size * head_size];
          double score = 0;
          for (size_t d = 0; d < head_size; ++d) score += double{query[d]} * key[d];
          const double weight = std::exp(score / std::sqrt(static_cast<double>(head_size)));
          total += weight;
          expected += weight * qkv[(j * 3 + 2) * width + column];
        }
        ASSERT_NEAR(context[i], expected / total, 1e-5) << "length " << length << " head size " << head_size;
      }
    }
  }
}

TEST_P(KernelsTest, attention_sees_what_its_visibility_and_bias_say) {
  constexpr size_t kHeads = 2;
  constexpr size_t kHeadSize = 5;
  constexpr size_t kWidth = kHeads * kHeadSize;
  constexpr Visibility kVisibilities[] = {
      {}, {.window = 1}, {.window = 20}, {.is_causal = true}, {.is_causal = true, .window = 3}};
  for (const Visibility& visibility : kVisibilities) {
    for (size_t length : {1, 2, 17, 40, 75}) {
      const std::vector<float> qkv = random_values(length * 3 * kWidth, 5);
      const size_t stride = 2 * length - 1 + kBiasPadding;
      const std::vector<float> bias = random_values(kHeads * stride, 6);
      std::vector<float> context(length * kWidth);
      std::vector<float> scratch(kernels_.attention_scratch(length, kHeadSize));
      kernels_.attend({.length = length,
                       .num_heads = kHeads,
                       .head_size = kHeadSize,
                       .visibility = visibility,
                       .qkv = qkv.data(),
                       .context = context.data(),
                       .scratch = scratch.data(),
                       .bias = bias.data() + length - 1,
                       .bias_stride = stride});
      for (size_t i = 0; i < context.size(); ++i) {
        const size_t query = i / kWidth;
        const size_t head = i % kWidth / kHeadSize;
        double total = 0;
        double expected = 0;
        for (size_t key = 0; key < length; ++key) {
          const size_t distance = key > query ? key - query : query - key;
          if (visibility.is_causal && key > query) continue;
          if (visibility.window > 0 && distance > visibility.window) continue;
          double score = bias[head * stride + length - 1 + key - query];
          for (size_t d = head * kHeadSize; d < (head + 1) * kHeadSize; ++d) {
            score += double{qkv[query * 3 * kWidth + d]} * qkv[(key * 3 + 1) * kWidth + d];
          }
          const double weight = std::exp(score / std::sqrt(static_cast<double>(kHeadSize)));
          total += weight;
          expected += weight * qkv[(key * 3 + 2) * kWidth + i % kWidth];
        }
        ASSERT_NEAR(context[i], expected / total, 1e-5) << "length " << length << " query " << query;
      }
    }
  }
}

TEST_P(KernelsTest, attention_stays_finite_for_scores_far_apart) {
  constexpr size_t kLength = 9;
  std::vector<float> qkv(kLength * 3, 1.0f);
  for (size_t i = 0; i < kLength; ++i) {
    qkv[i * 3] = 1e4f;
    qkv[i * 3 + 1] = i == 4 ? 1e4f : -1e4f;
    qkv[i * 3 + 2] = static_cast<float>(i);
  }
  std::vector<float> context(kLength);
  std::vector<float> scratch(kernels_.attention_scratch(kLength, 1));
  kernels_.attend({.length = kLength,
                   .num_heads = 1,
                   .head_size = 1,
                   .qkv = qkv.data(),
                   .context = context.data(),
                   .scratch = scratch.data()});
  for (float value : context) EXPECT_FLOAT_EQ(value, 4.0f);
}

TEST_P(KernelsTest, normalized_rows_have_the_requested_mean_and_spread) {
  for (size_t width : {1, 3, 4, 15, 16, 17, 100, 384}) {
    std::vector<float> rows = random_values(3 * width, 6, 5);
    const std::vector<float> before = rows;
    const std::vector<float> weight = random_values(width, 7);
    const std::vector<float> bias = random_values(width, 8);
    kernels_.normalize({.num_rows = 3,
                        .width = width,
                        .source = before.data(),
                        .target = rows.data(),
                        .weight = weight.data(),
                        .bias = bias.data(),
                        .epsilon = 1e-3f});
    for (size_t i = 0; i < rows.size(); ++i) {
      const float* row = &before[i / width * width];
      double mean = 0;
      double variance = 0;
      for (size_t j = 0; j < width; ++j) mean += row[j] / static_cast<double>(width);
      for (size_t j = 0; j < width; ++j)
        variance += (row[j] - mean) * (row[j] - mean) / static_cast<double>(width);
      const double expected =
          (before[i] - mean) / std::sqrt(variance + 1e-3) * weight[i % width] + bias[i % width];
      ASSERT_NEAR(rows[i], expected, 2e-5) << "width " << width;
    }
  }
}

TEST_P(KernelsTest, softmax_covers_what_is_visible_and_zeroes_the_rest) {
  constexpr size_t kSize = 32;
  constexpr size_t kRanges[][2] = {{0, 1}, {0, 7}, {0, 16}, {0, 32}, {3, 30}, {9, 10}, {17, 32}};
  const std::vector<float> before = random_values(kSize, 9, 3);
  const std::vector<float> bias = random_values(kSize + kBiasPadding, 10, 3);
  for (const auto& [begin, end] : kRanges) {
    for (bool has_bias : {false, true}) {
      std::vector<float> scores = before;
      kernels_.softmax({.begin = begin,
                        .end = end,
                        .size = kSize,
                        .scale = 0.5f,
                        .scores = scores.data(),
                        .bias = has_bias ? bias.data() : nullptr});
      const auto power = [&](size_t i) { return std::exp(0.5 * (before[i] + (has_bias ? bias[i] : 0.0f))); };
      double total = 0;
      for (size_t i = begin; i < end; ++i) total += power(i);
      for (size_t i = 0; i < kSize; ++i) {
        const bool is_visible = i >= begin && i < end;
        EXPECT_NEAR(scores[i], is_visible ? power(i) / total : 0, is_visible ? 1e-6 : 0) << begin << " " << i;
      }
    }
  }
}

TEST_P(KernelsTest, gates_multiply_the_activated_half_by_the_other) {
  for (size_t width : {1, 5, 16, 33}) {
    const std::vector<float> source = random_values(3 * 2 * width, 11);
    std::vector<float> in_place = source;
    kernels_.gate({.num_rows = 3,
                   .width = width,
                   .source = in_place.data(),
                   .target = in_place.data(),
                   .activation = Epilogue::Gelu});
    for (size_t i = 0; i < 3 * width; ++i) {
      const size_t place = i / width * 2 * width + i % width;
      EXPECT_NEAR(in_place[i], gelu(source[place]) * source[place + width], 2e-6) << "width " << width;
    }
  }
}

TEST_P(KernelsTest, rotation_turns_pairs_of_queries_and_keys_and_leaves_values) {
  constexpr size_t kHeads = 2;
  constexpr size_t kLength = 3;
  for (size_t head_size : {2, 6, 32, 34}) {
    const size_t half = head_size / 2;
    const size_t width = kHeads * head_size;
    const std::vector<float> before = random_values(kLength * 3 * width, 12);
    std::vector<float> cosines(kLength * half);
    std::vector<float> sines(kLength * half);
    const auto angle = [](size_t i) { return 0.3 * static_cast<double>(i); };
    for (size_t i = 0; i < cosines.size(); ++i) {
      cosines[i] = static_cast<float>(std::cos(angle(i)));
      sines[i] = static_cast<float>(std::sin(angle(i)));
    }
    std::vector<float> qkv = before;
    kernels_.rotate({.length = kLength,
                     .num_heads = kHeads,
                     .head_size = head_size,
                     .qkv = qkv.data(),
                     .cosines = cosines.data(),
                     .sines = sines.data()});
    for (size_t i = 0; i < qkv.size(); ++i) {
      const size_t column = i % (3 * width);
      const size_t place = column % head_size;
      const double turn = angle(i / (3 * width) * half + place % half);
      const double partner = before[place < half ? i + half : i - half] * (place < half ? -1.0 : 1.0);
      const double expected = std::cos(turn) * before[i] + std::sin(turn) * partner;
      EXPECT_NEAR(qkv[i], column < 2 * width ? expected : before[i], 1e-6) << "head size " << head_size;
    }
  }
}

TEST_P(KernelsTest, bf16_conversions_round_to_the_nearest_even_value) {
  std::vector<float> source = random_values(50, 10, 100);
  for (uint32_t bits : {0x3F808000U, 0x3F818000U, 0x3F807FFFU, 0x3F808001U, 0xBF808000U, 0U, 0x80000000U}) {
    source.push_back(std::bit_cast<float>(bits));
  }
  std::vector<float> rounded(source.size());
  std::vector<uint16_t> narrow(source.size());
  kernels_.round_to_bf16(source.data(), source.size(), rounded.data());
  kernels_.narrow_to_bf16(source.data(), source.size(), narrow.data());
  for (size_t i = 0; i < source.size(); ++i) {
    EXPECT_EQ(rounded[i], nearest_bf16(source[i])) << source[i];
    EXPECT_EQ(uint32_t{narrow[i]} << 16, std::bit_cast<uint32_t>(rounded[i])) << source[i];
  }
}

}  // namespace
}  // namespace jammi::nn::cpu
