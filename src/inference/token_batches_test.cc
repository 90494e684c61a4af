#include "inference/token_batches.h"

#include <gtest/gtest.h>

namespace jammi::inference {
namespace {

TEST(TokenBatches, respect_the_budget_and_lose_no_text) {
  std::vector<int32_t> lengths = {5, 100, 7, 60, 60, 1, 300, 2};
  std::vector<int> seen(lengths.size());
  for (const auto& batch : plan_token_batches(lengths, 128)) {
    int32_t tokens = 0;
    for (uint32_t i : batch) {
      ++seen[i];
      tokens += lengths[i];
    }
    EXPECT_TRUE(tokens <= 128 || batch.size() == 1) << tokens;
  }
  EXPECT_EQ(seen, std::vector<int>(lengths.size(), 1));
}

TEST(TokenBatches, start_with_the_longest_texts) {
  std::vector<int32_t> lengths = {3, 9, 5};
  auto batches = plan_token_batches(lengths, 9);
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0], std::vector<uint32_t>{1});
  EXPECT_EQ(batches[1], (std::vector<uint32_t>{2, 0}));
}

TEST(TokenBatches, leave_out_texts_without_tokens) {
  EXPECT_TRUE(plan_token_batches(std::vector<int32_t>{0, 0}, 128).empty());
}

}  // namespace
}  // namespace jammi::inference
