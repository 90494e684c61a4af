#include "base/lru_cache.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace jammi::base {
namespace {

using Cache = LruCache<std::string, int, std::hash<std::string>>;

void insert(Cache& cache, const std::string& key, int value, uint64_t cost = 1) {
  cache.insert(key, std::make_shared<const int>(value), cost);
}

/// The kept keys of "a" to "z", in order. Counts as using them.
std::string kept(Cache& cache) {
  std::string keys;
  for (char key = 'a'; key <= 'z'; ++key) {
    if (cache.find(std::string(1, key))) keys += key;
  }
  return keys;
}

TEST(LruCache, gives_back_what_was_inserted) {
  Cache cache(2);
  EXPECT_EQ(cache.find("a"), nullptr);
  insert(cache, "a", 1);
  ASSERT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(*cache.find("a"), 1);
  EXPECT_EQ(cache.find("b"), nullptr);
}

TEST(LruCache, drops_what_was_used_longest_ago) {
  Cache cache(3);
  for (const char* key : {"a", "b", "c"}) insert(cache, key, 0);
  cache.find("a");
  insert(cache, "d", 0);
  EXPECT_EQ(kept(cache), "acd");
}

TEST(LruCache, never_costs_more_than_its_capacity) {
  Cache cache(10);
  for (int i = 0; i < 26; ++i) {
    insert(cache, std::string(1, static_cast<char>('a' + i)), 0, static_cast<uint64_t>(1 + i % 7));
    EXPECT_LE(cache.statistics().size, 10u);
  }
  EXPECT_EQ(kept(cache), "yz") << "4 and 5; x would make it 12";
  EXPECT_EQ(cache.statistics().size, 9u);
}

TEST(LruCache, a_value_that_does_not_fit_by_itself_drops_nothing) {
  Cache cache(3);
  insert(cache, "a", 0, 2);
  insert(cache, "b", 0, 4);
  EXPECT_EQ(kept(cache), "a");
}

TEST(LruCache, a_key_keeps_its_first_value_and_cost) {
  Cache cache(3);
  insert(cache, "a", 1, 1);
  insert(cache, "a", 2, 3);
  EXPECT_EQ(*cache.find("a"), 1);
  EXPECT_EQ(cache.statistics().size, 1u);
}

TEST(LruCache, a_value_outlives_its_place) {
  Cache cache(1);
  insert(cache, "a", 1);
  const auto value = cache.find("a");
  insert(cache, "b", 2);
  EXPECT_EQ(kept(cache), "b");
  EXPECT_EQ(*value, 1);
}

TEST(LruCache, counts_hits_and_misses) {
  Cache cache(2);
  EXPECT_EQ(cache.statistics().hit_rate(), 0);
  insert(cache, "a", 1);
  cache.find("a");
  cache.find("a");
  cache.find("a");
  cache.find("b");
  const CacheStatistics statistics = cache.statistics();
  EXPECT_EQ(statistics.hits, 3u);
  EXPECT_EQ(statistics.misses, 1u);
  EXPECT_EQ(statistics.entries, 1u);
  EXPECT_EQ(statistics.hit_rate(), 0.75);
}

TEST(LruCache, asking_what_is_there_changes_nothing) {
  Cache cache(2);
  insert(cache, "a", 1);
  insert(cache, "b", 2);
  EXPECT_TRUE(cache.contains("a"));
  EXPECT_FALSE(cache.contains("c"));
  EXPECT_EQ(cache.statistics().hits + cache.statistics().misses, 0u);
  insert(cache, "c", 3);
  EXPECT_FALSE(cache.contains("a")) << "it was still the one used longest ago";
}

TEST(LruCache, without_capacity_it_is_off) {
  Cache cache(0);
  insert(cache, "a", 1, 0);
  EXPECT_EQ(cache.find("a"), nullptr);
  EXPECT_EQ(cache.statistics().misses, 0u);
}

TEST(LruCache, threads_share_it) {
  Cache cache(8);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&cache] {
        for (int i = 0; i < 5000; ++i) {
          const int key = i * 7 % 26;
          const std::string name(1, static_cast<char>('a' + key));
          if (const auto value = cache.find(name)) {
            ASSERT_EQ(*value, key);
          } else {
            insert(cache, name, key);
          }
        }
      });
    }
  }
  EXPECT_EQ(kept(cache).size(), 8u);
  EXPECT_EQ(cache.statistics().hits + cache.statistics().misses, 4 * 5000u + 26);
}

}  // namespace
}  // namespace jammi::base
