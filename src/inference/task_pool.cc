#include "inference/task_pool.h"

namespace jammi::inference {

TaskPool::TaskPool(size_t num_threads) {
  threads_.reserve(num_threads);
  for (size_t thread = 0; thread < num_threads; ++thread) {
    threads_.emplace_back([this, thread] { run(thread); });
  }
}

TaskPool::~TaskPool() {
  {
    std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  work_.notify_all();
  threads_.clear();
}

void TaskPool::submit(uint64_t rank, Task task) {
  {
    std::lock_guard lock(mutex_);
    tasks_.emplace(std::pair(rank, num_submitted_++), std::move(task));
  }
  work_.notify_one();
}

void TaskPool::run(size_t thread) {
  while (true) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, [this] { return is_stopping_ || !tasks_.empty(); });
      if (is_stopping_) return;
      task = std::move(tasks_.extract(tasks_.begin()).mapped());
    }
    task(thread);
  }
}

}  // namespace jammi::inference
