#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <jammi/records.h>

#include "index/vector_index.h"

namespace jammi::search {

/// Keeps the indexes of the most recently searched tables open. A result table never changes once it is ready, so an
/// open index cannot be stale. Thread-safe.
class IndexCache {
 public:
  explicit IndexCache(size_t capacity);

  /// The open index of a ready table, opening it when needed. Throws what `open_vector_index` throws.
  std::shared_ptr<const index::VectorIndex> open(const storage::ResultStore& store, const ResultTableRecord& table);

 private:
  using Entry = std::pair<std::string, std::shared_ptr<const index::VectorIndex>>;

  std::mutex mutex_;          // guards entries_; held while opening, so that a table is opened once
  std::list<Entry> entries_;  // by table name, most recently used first
  const size_t capacity_;
};

}  // namespace jammi::search
