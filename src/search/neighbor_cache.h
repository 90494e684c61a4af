#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/lru_cache.h"
#include "catalog/tenant_scope.h"
#include "index/vector_index.h"

namespace jammi::search {

/// Everything that decides which neighbours a search finds.
class NeighborQuery {
 public:
  /// The search for the `k` rows nearest to `query` in the open table of this number that `scope` makes among
  /// the rows of this `RowFilter::digest` (empty: among all).
  NeighborQuery(uint64_t table_number, std::span<const float> query, size_t k, catalog::TenantScope scope,
                std::string rows_digest);

  bool operator==(const NeighborQuery&) const = default;

  struct Hash {
    size_t operator()(const NeighborQuery& query) const;
  };

 private:
  uint64_t table_number_;
  size_t k_;
  std::string vector_;  // its bits
  catalog::TenantScope scope_;
  std::string rows_digest_;
};

using Neighbors = std::vector<index::Neighbor>;

/// The neighbours that the searches made last found. An open table never changes and its number is never
/// given again, and a digest stands for the same rows of it, so what was found once stays true. Thread-safe.
class NeighborCache {
 public:
  static constexpr size_t kNeighborsPerEntry = 100;

  /// Keeps up to `max_entries` searches; one that found more than `kNeighborsPerEntry` rows counts for
  /// several. 0 turns the cache off.
  explicit NeighborCache(uint64_t max_entries) : neighbors_(max_entries) {}

  /// What the search found, or null.
  std::shared_ptr<const Neighbors> find(const NeighborQuery& query) { return neighbors_.find(query); }

  /// Whether `find` would find something; does not count as a look-up.
  bool contains(const NeighborQuery& query) const { return neighbors_.contains(query); }

  void insert(NeighborQuery query, std::shared_ptr<const Neighbors> found);

  CacheStatistics statistics() const { return neighbors_.statistics(); }

 private:
  base::LruCache<NeighborQuery, Neighbors, NeighborQuery::Hash> neighbors_;
};

}  // namespace jammi::search
