#pragma once

#include <cstdint>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <utility>

#include <jammi/cache_statistics.h>

namespace jammi::base {

/// Keeps the values used last, up to a total cost. Every call takes the same time however much is kept, but
/// for hashing the key. Thread-safe.
template <typename Key, typename Value, typename Hash>
class LruCache {
 public:
  /// With a capacity of 0 nothing is kept, and look-ups are not counted.
  explicit LruCache(uint64_t capacity) : capacity_(capacity) {}

  /// The value of `key`, or null. It is the one used last from then on.
  std::shared_ptr<const Value> find(const Key& key) {
    if (capacity_ == 0) return nullptr;
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) {
      ++misses_;
      return nullptr;
    }
    ++hits_;
    entries_.splice(entries_.begin(), entries_, *found);
    return (*found)->value;
  }

  /// Whether `find` would give a value; neither counts nor uses it.
  bool contains(const Key& key) const {
    const std::lock_guard lock(mutex_);
    return index_.contains(key);
  }

  /// Keeps `value` and drops those used longest ago to make room. A value that does not fit by itself
  /// is not kept; a key that is there keeps its value.
  void insert(Key key, std::shared_ptr<const Value> value, uint64_t cost) {
    if (cost > capacity_) return;
    const std::lock_guard lock(mutex_);
    if (index_.contains(key)) return;
    while (size_ + cost > capacity_) drop_last();
    std::list<Entry> entry;  // joins the others once the index, which may run out of memory, knows it
    entry.push_front({std::move(key), std::move(value), cost});
    index_.insert(entry.begin());
    entries_.splice(entries_.begin(), entry);
    size_ += cost;
  }

  CacheStatistics statistics() const {
    const std::lock_guard lock(mutex_);
    return {
        .hits = hits_, .misses = misses_, .entries = entries_.size(), .size = size_, .capacity = capacity_};
  }

 private:
  struct Entry {
    Key key;
    std::shared_ptr<const Value> value;
    uint64_t cost;
  };
  using Position = std::list<Entry>::iterator;

  // The index holds positions in the list and is asked by key.
  struct HashKey {
    using is_transparent = void;
    size_t operator()(const Key& key) const { return Hash()(key); }
    size_t operator()(const Position& entry) const { return Hash()(entry->key); }
  };
  struct SameKey {
    using is_transparent = void;
    bool operator()(const Position& left, const Position& right) const { return left->key == right->key; }
    bool operator()(const Key& left, const Position& right) const { return left == right->key; }
    bool operator()(const Position& left, const Key& right) const { return left->key == right; }
  };

  void drop_last() {
    size_ -= entries_.back().cost;
    index_.erase(std::prev(entries_.end()));
    entries_.pop_back();
  }

  const uint64_t capacity_;
  mutable std::mutex mutex_;  // guards what follows
  std::list<Entry> entries_;  // used last first
  std::unordered_set<Position, HashKey, SameKey> index_;
  uint64_t size_ = 0;
  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
};

}  // namespace jammi::base
