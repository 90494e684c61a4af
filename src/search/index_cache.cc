#include "search/index_cache.h"

#include <algorithm>

namespace jammi::search {

IndexCache::IndexCache(size_t capacity) : capacity_(capacity) {}

std::shared_ptr<const index::VectorIndex> IndexCache::open(const storage::ResultStore& store,
                                                           const ResultTableRecord& table) {
  std::lock_guard lock(mutex_);
  auto found = std::ranges::find(entries_, table.table_name, &Entry::first);
  if (found != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, found);
  } else {
    entries_.emplace_front(table.table_name, index::open_vector_index(store, table));
    if (entries_.size() > capacity_) entries_.pop_back();
  }
  return entries_.front().second;
}

}  // namespace jammi::search
