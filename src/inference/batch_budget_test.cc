#include "inference/batch_budget.h"

#include <gtest/gtest.h>

namespace jammi::inference {
namespace {

TEST(BatchBudget, is_half_of_the_smallest_batch_that_failed) {
  BatchBudget budget(768);
  budget.shrink(700);
  EXPECT_EQ(budget.size(), 350u);
  budget.shrink(768);
  EXPECT_EQ(budget.size(), 350u) << "planned before the first one failed";
  budget.shrink(300);
  EXPECT_EQ(budget.size(), 150u);
}

TEST(BatchBudget, leaves_room_for_something) {
  BatchBudget budget(2);
  budget.shrink(1);
  EXPECT_EQ(budget.size(), 1u);
}

}  // namespace
}  // namespace jammi::inference
