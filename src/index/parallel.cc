#include "index/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace jammi::index {

void for_each_part(size_t n, size_t part_size, size_t num_threads,
                   const std::function<void(size_t thread, size_t begin, size_t end)>& body) {
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;  // guarded by mutex
  auto work = [&](size_t thread) {
    try {
      while (true) {
        const size_t begin = next.fetch_add(part_size);
        if (begin >= n) return;
        body(thread, begin, std::min(begin + part_size, n));
      }
    } catch (...) {
      next = n;
      std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  {
    const size_t num_parts = (n + part_size - 1) / part_size;
    std::vector<std::jthread> threads;
    for (size_t thread = 1; thread < std::min(num_threads, num_parts); ++thread)
      threads.emplace_back(work, thread);
    work(0);
  }
  if (failure) std::rethrow_exception(failure);
}

size_t default_num_threads() {
  return std::max(1u, std::thread::hardware_concurrency());
}

size_t num_threads_for(uint64_t multiply_adds) {
  constexpr uint64_t kMinParallelWork = 4'000'000;
  return multiply_adds < kMinParallelWork ? 1 : default_num_threads();
}

}  // namespace jammi::index
