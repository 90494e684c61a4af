#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace jammi::inference {

/// Threads that run tasks, those of the lowest rank first and in order of submission within a rank.
/// Thread-safe. Destruction drops tasks that have not begun and waits for those that have.
class TaskPool {
 public:
  /// A task learns which thread runs it: 0 .. num_threads - 1. It must not throw.
  using Task = std::function<void(size_t thread)>;

  explicit TaskPool(size_t num_threads);
  ~TaskPool();
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  void submit(uint64_t rank, Task task);

 private:
  void run(size_t thread);

  std::mutex mutex_;  // guards tasks_, num_submitted_ and is_stopping_
  std::condition_variable work_;
  std::map<std::pair<uint64_t, uint64_t>, Task> tasks_;  // by rank, then order of submission
  uint64_t num_submitted_ = 0;
  bool is_stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace jammi::inference
