#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/lru_cache.h"
#include "catalog/tenant_scope.h"
#include "model/embedding_model.h"

namespace jammi::engine {

/// The vectors of the query texts used last, up to a number of bytes. A vector is found again only for the
/// loaded model that computed it, and for the tenant that asked for it: a model that was loaded anew, from
/// files that may have changed, has a number of its own. Thread-safe.
class EmbeddingCache {
 public:
  /// A capacity of 0 turns the cache off.
  explicit EmbeddingCache(uint64_t capacity_bytes) : vectors_(capacity_bytes) {}

  /// The vector of `text`, computed when it is not there. Threads that ask for one text at the same time may
  /// each compute it. Throws what the model throws.
  std::vector<float> embed(const model::EmbeddingModel& model, const std::string& text,
                           std::stop_token stop = {}, const catalog::TenantScope& scope = {});

  CacheStatistics statistics() const { return vectors_.statistics(); }

 private:
  struct Key {
    uint64_t model_number;
    catalog::TenantScope scope;
    std::string text;

    bool operator==(const Key&) const = default;
  };
  struct HashKey {
    size_t operator()(const Key& key) const;
  };

  base::LruCache<Key, std::vector<float>, HashKey> vectors_;
};

}  // namespace jammi::engine
