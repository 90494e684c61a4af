#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace jammi::inference {

/// How much a stream puts into a batch, of tokens or of images. It only shrinks: what was too large for the
/// memory once is not tried again. Thread-safe.
class BatchBudget {
 public:
  explicit BatchBudget(size_t size) : size_(size) {}

  size_t size() const noexcept { return size_; }

  /// A batch of `failed_size` ran out of memory: from now on at most half of that, and at least 1.
  void shrink(size_t failed_size) noexcept {
    const size_t half = std::max<size_t>(failed_size / 2, 1);
    size_t size = size_;
    while (size > half && !size_.compare_exchange_weak(size, half)) {
    }
  }

 private:
  std::atomic<size_t> size_;
};

}  // namespace jammi::inference
