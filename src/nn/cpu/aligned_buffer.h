#pragma once

#include <cstddef>
#include <memory>
#include <new>

#include <sys/mman.h>

namespace jammi::nn::cpu {

/// Memory for numbers that starts on a cache line; a large one lies in huge pages where the system has them,
/// because streaming through weights otherwise waits for address translations. New memory is zero. Movable,
/// not copyable.
template <typename T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size) { grow(size); }

  /// Makes room for at least `size` elements; growing forgets the contents.
  T* grow(size_t size) {
    if (size > size_) {
      size_ = 0;
      data_.reset();
      data_ = allocate(size);
      size_ = size;
    }
    return data_.get();
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t size() const { return size_; }
  size_t bytes() const { return size_ * sizeof(T); }

 private:
  static constexpr size_t kCacheLine = 64;
  static constexpr size_t kHugePage = size_t{2} << 20;

  struct Delete {
    std::align_val_t alignment{kCacheLine};
    void operator()(T* data) const { ::operator delete(data, alignment); }
  };

  static std::unique_ptr<T[], Delete> allocate(size_t size) {
    const size_t bytes = size * sizeof(T);
    const std::align_val_t alignment{bytes < kHugePage ? kCacheLine : kHugePage};
    void* memory = ::operator new(bytes, alignment);
    // Advice only: without huge pages the memory works all the same.
    if (bytes >= kHugePage) madvise(memory, bytes, MADV_HUGEPAGE);
    T* data = static_cast<T*>(memory);
    std::uninitialized_value_construct_n(data, size);
    return {data, Delete{alignment}};
  }

  std::unique_ptr<T[], Delete> data_;
  size_t size_ = 0;
};

}  // namespace jammi::nn::cpu
