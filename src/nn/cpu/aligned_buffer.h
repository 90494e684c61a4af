#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

namespace jammi::nn::cpu {

/// Memory for numbers that starts on a cache line. New memory is zero. Movable, not copyable.
template <typename T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size) { grow(size); }

  /// Makes room for at least `size` elements; growing forgets the contents.
  T* grow(size_t size) {
    if (size > size_) {
      data_.reset(new (std::align_val_t{kAlignment}) T[size]());
      size_ = size;
    }
    return data_.get();
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t size() const { return size_; }
  size_t bytes() const { return size_ * sizeof(T); }

 private:
  static constexpr size_t kAlignment = 64;
  struct Delete {
    void operator()(T* data) const { ::operator delete[](data, std::align_val_t{kAlignment}); }
  };

  std::unique_ptr<T[], Delete> data_;
  size_t size_ = 0;
};

}  // namespace jammi::nn::cpu
