#include "index/top_k.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace jammi::index {
namespace {

TEST(TopK, keeps_the_best_and_breaks_ties_by_row) {
  TopK best(3);
  for (const ScoredRow row : {ScoredRow{0.5, 4}, {0.9, 7}, {0.5, 2}, {0.1, 0}, {0.5, 3}}) best.push(row);
  const std::vector<ScoredRow> rows = best.sorted();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].row, 7u);
  EXPECT_EQ(rows[1].row, 2u);
  EXPECT_EQ(rows[2].row, 3u);
}

TEST(TopK, merging_parts_equals_pushing_everything) {
  std::mt19937 generator(1);
  std::uniform_int_distribution<int> similarity(0, 20);
  TopK whole(10), parts(10), part(10);
  for (uint64_t row = 0; row < 500; ++row) {
    const ScoredRow scored{static_cast<float>(similarity(generator)), row};
    whole.push(scored);
    part.push(scored);
    if (row % 100 == 99) {
      parts.merge(part);
      part = TopK(10);
    }
  }
  const auto expected = whole.sorted(), actual = parts.sorted();
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_EQ(actual[i].row, expected[i].row);
}

TEST(TopK, of_nothing_is_nothing) {
  TopK none(0);
  none.push({1, 1});
  EXPECT_TRUE(none.sorted().empty());
}

}  // namespace
}  // namespace jammi::index
