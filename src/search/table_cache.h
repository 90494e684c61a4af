#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <jammi/records.h>

#include "index/vector_index.h"
#include "search/row_filter.h"
#include "storage/result_store.h"
#include "storage/row_store.h"

namespace jammi::search {

/// What a search needs of one result table, open.
struct OpenTable {
  uint64_t number = 0;  ///< no other table that the cache has opened or will open has it
  std::string name;
  std::optional<std::string> completed_at;  ///< as of the table's record
  std::shared_ptr<const index::VectorIndex> index;
  std::shared_ptr<const storage::RowStore> rows;  ///< null when the table has no usable one
  std::shared_ptr<RowFilter> filter;
};

/// Keeps the most recently searched tables open. A result table never changes once it is ready, and one that
/// was removed and made again under its name was completed at another time, so an open one cannot be stale.
/// Thread-safe.
class TableCache {
 public:
  explicit TableCache(size_t capacity);

  /// The open form of a ready table, opening it when needed. Throws what `open_vector_index` throws.
  OpenTable open(const storage::ResultStore& store, const ResultTableRecord& table);

 private:
  std::mutex mutex_;             // guards what follows; held while opening, so that a table is opened once
  std::list<OpenTable> tables_;  // most recently used first
  uint64_t num_opened_ = 0;
  const size_t capacity_;
};

}  // namespace jammi::search
