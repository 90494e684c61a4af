#include "index/parallel.h"

#include <atomic>
#include <set>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

namespace jammi::index {
namespace {

TEST(ForEachPart, covers_every_item_once_whatever_the_threads) {
  for (size_t num_threads : {1, 2, 7}) {
    for (size_t n : {0, 1, 9, 10, 11, 100}) {
      std::vector<std::atomic<int>> visits(n);
      for_each_part(n, 10, num_threads, [&](size_t thread, size_t begin, size_t end) {
        EXPECT_LT(thread, num_threads);
        for (size_t i = begin; i < end; ++i) ++visits[i];
      });
      for (size_t i = 0; i < n; ++i) EXPECT_EQ(visits[i], 1) << i << " of " << n;
    }
  }
}

TEST(ForEachPart, throws_what_a_part_threw) {
  EXPECT_THROW(for_each_part(100, 1, 3,
                             [](size_t, size_t begin, size_t) {
                               if (begin == 50) throw std::runtime_error("part 50");
                             }),
               std::runtime_error);
}

}  // namespace
}  // namespace jammi::index
