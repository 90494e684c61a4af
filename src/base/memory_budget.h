#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>

namespace jammi::base {

class MemoryBudget;

/// A claim on bytes of a budget, given back on destruction. The budget must outlive it. Not thread-safe.
class MemoryPermit {
 public:
  MemoryPermit() = default;  ///< claims nothing
  MemoryPermit(MemoryPermit&& other) noexcept;
  MemoryPermit& operator=(MemoryPermit&& other) noexcept;
  ~MemoryPermit();

  uint64_t bytes() const noexcept { return bytes_; }

  /// Gives back what is beyond `bytes`.
  void shrink_to(uint64_t bytes) noexcept;

  /// Takes over what `other` claims of the same budget.
  void merge(MemoryPermit other) noexcept;

 private:
  friend class MemoryBudget;
  MemoryPermit(MemoryBudget& budget, uint64_t bytes) : budget_(&budget), bytes_(bytes) {}

  MemoryBudget* budget_ = nullptr;  // null: claims nothing
  uint64_t bytes_ = 0;
};

/// Who goes first where several wait for memory: earlier enumerators.
enum class MemoryPriority { Interactive, Background, Training };

struct MemoryRequest {
  uint64_t bytes = 0;
  MemoryPriority priority = MemoryPriority::Interactive;
  std::chrono::milliseconds patience{0};  ///< longest wait
};

/// A number of bytes that are claimed before they are allocated, so that what is allocated never exceeds
/// them. It counts; allocating is the holder's business. Thread-safe.
///
/// Requests are served one after the other: of the most urgent priority first, within a priority in order of
/// arrival. A small request does not overtake a large one that waits; one of no bytes never waits.
class MemoryBudget {
 public:
  static constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();

  /// Gives memory back, by destroying permits, that its holders can do without; false when there is none.
  /// Called without a lock.
  using Reclaim = std::function<bool()>;

  explicit MemoryBudget(uint64_t capacity_bytes) : capacity_bytes_(capacity_bytes) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// The bytes at once, or nothing: when they are not free, or others wait for memory.
  std::optional<MemoryPermit> try_acquire(uint64_t bytes);

  /// Waits for its turn and for the bytes; calls `reclaim`, if there is one, when it is its turn and too
  /// little is free. Nothing when patience ends, on a stop request, or for more than the capacity.
  std::optional<MemoryPermit> acquire(const MemoryRequest& request, std::stop_token stop = {},
                                      const Reclaim& reclaim = {});

  /// Tells who waits that its `reclaim` may find something.
  void announce_reclaimable();

  uint64_t capacity_bytes() const noexcept { return capacity_bytes_; }
  uint64_t claimed_bytes() const;
  size_t num_waiting() const;

 private:
  friend class MemoryPermit;
  using Turn = std::pair<MemoryPriority, uint64_t>;  // then the order of arrival
  class Place;

  bool fits(uint64_t bytes) const { return bytes <= capacity_bytes_ - claimed_bytes_; }
  MemoryPermit claim(uint64_t bytes);
  void give_back(uint64_t bytes) noexcept;
  void note_change();

  const uint64_t capacity_bytes_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  uint64_t claimed_bytes_ = 0;
  uint64_t num_changes_ = 0;  // that a waiting request may want to look at
  uint64_t num_requests_ = 0;
  std::set<Turn> line_;
};

}  // namespace jammi::base
