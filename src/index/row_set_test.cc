#include "index/row_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jammi::index {
namespace {

std::vector<uint64_t> rows_between(const RowSet& rows, uint64_t begin, uint64_t end) {
  std::vector<uint64_t> found;
  rows.for_each(begin, end, [&](uint64_t row) { found.push_back(row); });
  return found;
}

TEST(RowSet, counts_a_row_once) {
  RowSet rows(100);
  for (uint64_t row : {3, 99, 3}) rows.insert(row);
  EXPECT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows.num_rows(), 100u);
  EXPECT_TRUE(rows.contains(3));
  EXPECT_TRUE(rows.contains(99));
  EXPECT_FALSE(rows.contains(4));
}

TEST(RowSet, visits_its_rows_of_a_range_in_order) {
  RowSet rows(200);
  for (uint64_t row : {199, 128, 127, 64, 63, 1, 0}) rows.insert(row);
  EXPECT_THAT(rows_between(rows, 0, 200), ::testing::ElementsAre(0, 1, 63, 64, 127, 128, 199));
  EXPECT_THAT(rows_between(rows, 1, 128), ::testing::ElementsAre(1, 63, 64, 127));
  EXPECT_THAT(rows_between(rows, 63, 64), ::testing::ElementsAre(63));
  EXPECT_THAT(rows_between(rows, 129, 500), ::testing::ElementsAre(199));
  EXPECT_TRUE(rows_between(rows, 65, 127).empty());
  EXPECT_TRUE(rows_between(RowSet(0), 0, 1).empty());
}

}  // namespace
}  // namespace jammi::index
