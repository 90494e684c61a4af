#include "base/memory_budget.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace jammi::base {
namespace {

constexpr std::chrono::hours kAsLongAsItTakes{1};

TEST(MemoryBudget, a_permit_claims_bytes_until_it_is_destroyed) {
  MemoryBudget budget(100);
  {
    const auto permit = budget.try_acquire(60);
    ASSERT_TRUE(permit);
    EXPECT_EQ(permit->bytes(), 60u);
    EXPECT_EQ(budget.claimed_bytes(), 60u);
    EXPECT_FALSE(budget.try_acquire(41));
    EXPECT_TRUE(budget.try_acquire(40));
  }
  EXPECT_EQ(budget.claimed_bytes(), 0u);
  EXPECT_TRUE(budget.try_acquire(100));
}

TEST(MemoryPermit, moves_its_claim) {
  MemoryBudget budget(100);
  MemoryPermit first = *budget.try_acquire(60);
  MemoryPermit second = *budget.try_acquire(30);
  second = std::move(first);
  EXPECT_EQ(second.bytes(), 60u);
  EXPECT_EQ(budget.claimed_bytes(), 60u) << "what was claimed before is given back";
  const MemoryPermit third(std::move(second));
  EXPECT_EQ(third.bytes(), 60u);
  EXPECT_EQ(budget.claimed_bytes(), 60u);
}

TEST(MemoryPermit, shrinks_and_merges) {
  MemoryBudget budget(100);
  MemoryPermit permit = *budget.try_acquire(60);
  permit.shrink_to(70);
  EXPECT_EQ(permit.bytes(), 60u);
  permit.shrink_to(10);
  EXPECT_EQ(budget.claimed_bytes(), 10u);
  permit.merge(*budget.try_acquire(90));
  EXPECT_EQ(permit.bytes(), 100u);
  EXPECT_EQ(budget.claimed_bytes(), 100u);
  MemoryPermit nothing;
  nothing.merge(std::move(permit));
  EXPECT_EQ(nothing.bytes(), 100u);
  nothing = {};
  EXPECT_EQ(budget.claimed_bytes(), 0u);
}

TEST(MemoryBudget, without_limit_it_only_counts) {
  MemoryBudget budget(MemoryBudget::kUnlimited);
  const auto large = budget.try_acquire(uint64_t{1} << 60);
  EXPECT_TRUE(budget.try_acquire(uint64_t{1} << 62));
  EXPECT_EQ(budget.claimed_bytes(), uint64_t{1} << 60);
}

TEST(MemoryBudget, more_than_the_capacity_is_not_waited_for) {
  MemoryBudget budget(100);
  EXPECT_FALSE(budget.acquire({.bytes = 101, .patience = kAsLongAsItTakes}));
}

TEST(MemoryBudget, waiting_ends_with_patience_and_leaves_no_trace) {
  MemoryBudget budget(100);
  const auto held = budget.try_acquire(60);
  EXPECT_FALSE(budget.acquire({.bytes = 50}));
  EXPECT_FALSE(budget.acquire({.bytes = 50, .patience = std::chrono::milliseconds(1)}));
  EXPECT_TRUE(budget.try_acquire(40)) << "nobody waits any more";
}

TEST(MemoryBudget, a_stop_request_ends_the_wait) {
  MemoryBudget budget(100);
  const auto held = budget.try_acquire(60);
  std::stop_source stop;
  std::jthread waiting(
      [&] { EXPECT_FALSE(budget.acquire({.bytes = 50, .patience = kAsLongAsItTakes}, stop.get_token())); });
  stop.request_stop();
}

TEST(MemoryBudget, what_can_be_reclaimed_is_reclaimed_before_waiting) {
  MemoryBudget budget(100);
  std::vector<MemoryPermit> idle;
  for (int i = 0; i < 4; ++i) idle.push_back(*budget.try_acquire(25));
  const auto reclaim = [&] {
    if (idle.empty()) return false;
    idle.pop_back();
    return true;
  };
  const auto permit = budget.acquire({.bytes = 40}, {}, reclaim);
  ASSERT_TRUE(permit);
  EXPECT_EQ(idle.size(), 2u) << "no more than is needed";
  EXPECT_FALSE(budget.acquire({.bytes = 61}, {}, reclaim));
  EXPECT_TRUE(idle.empty());
}

/// Requests that wait, each on a thread of its own, and the order in which they were served.
class WaitingRequests {
 public:
  WaitingRequests() : held_(*budget_.try_acquire(100)) {}

  /// Returns once the request stands in the line.
  void add(MemoryPriority priority, uint64_t bytes) {
    const size_t number = threads_.size();
    threads_.emplace_back([this, priority, bytes, number] {
      const auto permit = budget_.acquire({bytes, priority, kAsLongAsItTakes});
      ASSERT_TRUE(permit);
      std::lock_guard lock(mutex_);
      order_.push_back(number);
    });
    while (budget_.num_waiting() <= number) std::this_thread::yield();
  }

  std::vector<size_t> serve() {
    held_ = {};
    threads_.clear();
    return order_;
  }

 private:
  MemoryBudget budget_{100};
  MemoryPermit held_;
  std::mutex mutex_;  // guards order_
  std::vector<size_t> order_;
  std::vector<std::jthread> threads_;
};

TEST(MemoryBudget, serves_the_more_urgent_first_and_then_in_order_of_arrival) {
  WaitingRequests requests;
  requests.add(MemoryPriority::Training, 100);
  requests.add(MemoryPriority::Background, 100);
  requests.add(MemoryPriority::Background, 100);
  requests.add(MemoryPriority::Interactive, 100);
  EXPECT_EQ(requests.serve(), (std::vector<size_t>{3, 1, 2, 0}));
}

TEST(MemoryBudget, a_small_request_does_not_overtake_a_large_one) {
  MemoryBudget budget(100);
  auto held = budget.try_acquire(60);
  std::jthread large([&] { EXPECT_TRUE(budget.acquire({.bytes = 100, .patience = kAsLongAsItTakes})); });
  while (budget.num_waiting() == 0) std::this_thread::yield();
  EXPECT_FALSE(budget.try_acquire(10));
  EXPECT_FALSE(budget.acquire({.bytes = 10}));
  EXPECT_TRUE(budget.try_acquire(0));
  EXPECT_TRUE(budget.acquire({.bytes = 0}));
  held.reset();
}

TEST(MemoryBudget, an_announcement_lets_who_waits_reclaim_again) {
  MemoryBudget budget(100);
  std::optional<MemoryPermit> idle = budget.try_acquire(100);
  std::atomic<bool> is_idle = false;
  std::jthread waiting([&] {
    EXPECT_TRUE(budget.acquire({.bytes = 1, .patience = kAsLongAsItTakes}, {}, [&] {
      if (!is_idle) return false;
      idle.reset();
      return true;
    }));
  });
  while (budget.num_waiting() == 0) std::this_thread::yield();
  is_idle = true;
  budget.announce_reclaimable();
}

TEST(MemoryBudget, many_threads_never_claim_more_than_there_is) {
  constexpr uint64_t kCapacity = 10;
  MemoryBudget budget(kCapacity);
  std::atomic<uint64_t> allocated = 0;
  std::atomic<uint64_t> most = 0;
  std::vector<std::jthread> threads;
  for (uint64_t i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      for (uint64_t round = 0; round < 50; ++round) {
        const uint64_t bytes = 1 + (i + round) % kCapacity;
        const auto permit =
            budget.acquire({bytes, static_cast<MemoryPriority>((i + round) % 3), kAsLongAsItTakes});
        ASSERT_TRUE(permit);
        const uint64_t sum = allocated += bytes;
        uint64_t seen = most;
        while (seen < sum && !most.compare_exchange_weak(seen, sum)) continue;
        allocated -= bytes;
      }
    });
  }
  threads.clear();
  EXPECT_LE(most, kCapacity);
  EXPECT_EQ(budget.claimed_bytes(), 0u);
}

}  // namespace
}  // namespace jammi::base
