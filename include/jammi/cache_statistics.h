#pragma once

#include <cstdint>

namespace jammi {

/// What a cache holds, and what it has answered since the session was opened.
struct CacheStatistics {
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t entries = 0;
  uint64_t size = 0;      ///< of the entries, in the unit of the capacity
  uint64_t capacity = 0;  ///< as configured; 0 when the cache is off

  /// Share of the look-ups that were hits; 0 before the first.
  double hit_rate() const noexcept {
    const uint64_t lookups = hits + misses;
    return lookups == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(lookups);
  }
};

/// The caches of the configuration's [cache] section.
struct QueryCacheStatistics {
  CacheStatistics embedding_cache;  ///< from query texts to vectors; sizes in bytes
  CacheStatistics ann_cache;        ///< from searches to the neighbours they found; sizes in entries
};

}  // namespace jammi
