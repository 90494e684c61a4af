#include "inference/task_pool.h"

#include <atomic>
#include <latch>
#include <memory>

#include <gtest/gtest.h>

namespace jammi::inference {
namespace {

TEST(TaskPool, runs_every_task_on_a_thread_of_the_pool) {
  std::atomic<int> num_run = 0;
  std::latch done(1000);
  TaskPool pool(3);
  for (int i = 0; i < 1000; ++i) {
    pool.submit(0, [&](size_t thread) {
      if (thread < 3) ++num_run;
      done.count_down();
    });
  }
  done.wait();
  EXPECT_EQ(num_run, 1000);
}

TEST(TaskPool, lower_ranks_go_first) {
  std::vector<uint64_t> order;
  std::latch started(1);
  std::latch release(1);
  std::latch done(3);
  auto pool = std::make_unique<TaskPool>(1);
  pool->submit(0, [&](size_t) {
    started.count_down();
    release.wait();
  });
  started.wait();
  for (uint64_t rank : {7u, 2u, 5u}) {
    pool->submit(rank, [&, rank](size_t) {
      order.push_back(rank);
      done.count_down();
    });
  }
  release.count_down();
  done.wait();
  pool.reset();
  EXPECT_EQ(order, (std::vector<uint64_t>{2, 5, 7}));
}

}  // namespace
}  // namespace jammi::inference
