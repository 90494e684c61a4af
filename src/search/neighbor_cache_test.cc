#include "search/neighbor_cache.h"

#include <cmath>

#include <gtest/gtest.h>

namespace jammi::search {
namespace {

const std::vector<float> kVector{1, 0, 0.5};

std::shared_ptr<const Neighbors> rows(size_t count) {
  auto neighbors = std::make_shared<Neighbors>();
  for (size_t row = 0; row < count; ++row) neighbors->push_back({row, "r" + std::to_string(row), 0.5f});
  return neighbors;
}

NeighborQuery nearest(size_t k) {
  return {1, kVector, k, {}, ""};
}

TEST(NeighborCache, gives_back_what_a_search_found) {
  NeighborCache cache(10);
  EXPECT_EQ(cache.find(nearest(5)), nullptr);
  const auto found = rows(5);
  cache.insert(nearest(5), found);
  EXPECT_EQ(cache.find(nearest(5)), found);
  EXPECT_EQ(cache.statistics().hits, 1u);
  EXPECT_EQ(cache.statistics().misses, 1u);
}

TEST(NeighborCache, the_table_k_the_rows_and_every_bit_of_the_vector_tell_searches_apart) {
  NeighborCache cache(10);
  cache.insert({1, kVector, 5, {}, "some"}, rows(5));
  std::vector<float> close = kVector;
  close[2] = std::nextafter(close[2], 1.0f);
  EXPECT_FALSE(cache.contains({2, kVector, 5, {}, "some"}));
  EXPECT_FALSE(cache.contains({1, kVector, 6, {}, "some"}));
  EXPECT_FALSE(cache.contains({1, kVector, 5, {}, ""}));
  EXPECT_FALSE(cache.contains({1, kVector, 5, {}, "other"}));
  EXPECT_FALSE(cache.contains({1, close, 5, {}, "some"}));
  EXPECT_FALSE(cache.contains({1, std::span(kVector).first(2), 5, {}, "some"}));
  EXPECT_FALSE(cache.contains({1, kVector, 5, catalog::TenantScope::of("a"), "some"}));
  EXPECT_TRUE(cache.contains({1, kVector, 5, {}, "some"}));
}

TEST(NeighborCache, never_keeps_more_than_its_entries_and_drops_the_search_made_longest_ago) {
  NeighborCache cache(3);
  for (size_t k = 1; k <= 3; ++k) cache.insert(nearest(k), rows(k));
  cache.find(nearest(1));
  cache.insert(nearest(4), rows(4));
  EXPECT_EQ(cache.statistics().entries, 3u);
  EXPECT_TRUE(cache.contains(nearest(1)));
  EXPECT_FALSE(cache.contains(nearest(2)));
}

TEST(NeighborCache, a_search_that_found_many_rows_counts_for_several) {
  NeighborCache cache(8);
  for (const auto& [num_rows, size] : {std::pair{0, 1u}, {100, 2u}, {101, 4u}, {400, 8u}}) {
    cache.insert(nearest(static_cast<size_t>(num_rows)), rows(static_cast<size_t>(num_rows)));
    EXPECT_EQ(cache.statistics().size, size) << num_rows;
  }
  cache.insert(nearest(801), rows(801));
  EXPECT_FALSE(cache.contains(nearest(801))) << "it does not fit by itself";
  EXPECT_EQ(cache.statistics().size, 8u);
}

TEST(NeighborCache, without_entries_it_is_off) {
  NeighborCache cache(0);
  cache.insert(nearest(5), rows(5));
  EXPECT_EQ(cache.find(nearest(5)), nullptr);
  EXPECT_EQ(cache.statistics().misses, 0u);
}

}  // namespace
}  // namespace jammi::search
