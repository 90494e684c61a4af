#include "search/table_cache.h"

#include <algorithm>

#include <jammi/error.h>

#include "base/log.h"

namespace jammi::search {
namespace {

std::shared_ptr<const storage::RowStore> open_rows(const storage::ResultStore& store,
                                                   const ResultTableRecord& table) {
  const std::string path = store.file_path(table.table_name, storage::kRowStoreExtension);
  if (!store.files().exists(path)) return nullptr;
  try {
    auto rows = storage::RowStore::open(store.files(), path);
    if (rows->num_rows() == static_cast<uint64_t>(table.row_count)) return rows;
    log::warn("row store ignored, its number of rows differs from the table's: " + path);
  } catch (const Error& error) {
    log::warn(std::string("row store ignored: ") + error.what());
  }
  return nullptr;
}

}  // namespace

TableCache::TableCache(size_t capacity) : capacity_(capacity) {}

OpenTable TableCache::open(const storage::ResultStore& store, const ResultTableRecord& table) {
  std::lock_guard lock(mutex_);
  auto found = std::ranges::find_if(tables_, [&table](const OpenTable& open) {
    return open.name == table.table_name && open.completed_at == table.completed_at;
  });
  if (found != tables_.end()) {
    tables_.splice(tables_.begin(), tables_, found);
  } else {
    auto index = index::open_vector_index(store, table);
    tables_.push_front({.number = ++num_opened_,
                        .name = table.table_name,
                        .completed_at = table.completed_at,
                        .index = index,
                        .rows = open_rows(store, table),
                        .filter = std::make_shared<RowFilter>(index)});
    if (tables_.size() > capacity_) tables_.pop_back();
  }
  return tables_.front();
}

}  // namespace jammi::search
