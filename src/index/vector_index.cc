#include "index/vector_index.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <utility>

#include <jammi/error.h>

#include "base/log.h"
#include "index/exact_index.h"
#include "index/sidecar_index.h"
#include "numerics/vector_ops.h"

namespace jammi::index {
namespace {

/// Opens the table for exact search, for the reason given.
using OpenExact = std::function<std::shared_ptr<const VectorIndex>(std::string reason)>;

/// A sidecar index that gives way to exact search when it meets a damaged vector.
class ForgivingIndex final : public VectorIndex {
 public:
  ForgivingIndex(std::unique_ptr<SidecarIndex> sidecar, std::string table_name, OpenExact open_exact)
      : sidecar_(std::move(sidecar)),
        table_name_(std::move(table_name)),
        open_exact_(std::move(open_exact)) {}

  SearchPath path(size_t k, const RowSet* rows) const override {
    const auto exact = exact_if_open();
    return exact ? exact->path(k, rows) : sidecar_->path(k, rows);
  }

  uint64_t size() const override { return sidecar_->size(); }
  uint32_t dimensions() const override { return sidecar_->dimensions(); }
  const RowMap& row_ids() const override { return sidecar_->row_ids(); }
  bool is_approximate() const override { return exact_if_open() == nullptr; }

 protected:
  std::vector<Neighbor> find(std::span<const float> query, size_t k, const RowSet* among) const override {
    if (const auto exact = exact_if_open()) return search_in(*exact, query, k, among);
    try {
      return search_in(*sidecar_, query, k, among);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::DataCorruption) throw;
      return search_in(*open_exact(error.what()), query, k, among);
    }
  }

 private:
  static std::vector<Neighbor> search_in(const VectorIndex& index, std::span<const float> query, size_t k,
                                         const RowSet* among) {
    return among == nullptr ? index.search(query, k) : index.search(query, k, *among);
  }

  std::shared_ptr<const VectorIndex> exact_if_open() const {
    std::lock_guard lock(mutex_);
    return exact_;
  }

  std::shared_ptr<const VectorIndex> open_exact(const std::string& reason) const {
    std::lock_guard lock(mutex_);
    if (!exact_) {
      log::warn("result table " + table_name_ + " is searched without its index from here on: " + reason);
      exact_ = open_exact_("the index is damaged: " + reason);
    }
    return exact_;
  }

  const std::unique_ptr<SidecarIndex> sidecar_;
  const std::string table_name_;
  const OpenExact open_exact_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const VectorIndex> exact_;  // guarded by mutex_
};

}  // namespace

std::vector<Neighbor> VectorIndex::search(std::span<const float> query, size_t k) const {
  check_query(query);
  k = std::min<size_t>(k, size());
  if (k == 0) return {};
  return find(query, k, nullptr);
}

std::vector<Neighbor> VectorIndex::search(std::span<const float> query, size_t k, const RowSet& rows) const {
  check_query(query);
  k = std::min<size_t>(k, rows.size());
  if (k == 0) return {};
  return find(query, k, &rows);
}

std::vector<Neighbor> VectorIndex::neighbors_of(const TopK& best) const {
  std::vector<Neighbor> neighbors;
  for (const ScoredRow& scored : best.sorted())
    neighbors.push_back({scored.row, std::string(row_ids()[scored.row]), scored.similarity});
  return neighbors;
}

void VectorIndex::check_query(std::span<const float> query) const {
  if (query.size() != dimensions()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::None,
                "Vector dimension mismatch: expected " + std::to_string(dimensions()) + ", got " +
                    std::to_string(query.size()));
  }
  if (!numerics::all_finite(query)) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::None,
                "a query vector holds a value that is not finite");
  }
}

std::shared_ptr<const VectorIndex> open_vector_index(const storage::ResultStore& store,
                                                     const ResultTableRecord& table,
                                                     const VectorIndexOptions& options) {
  const OpenExact open_exact = [files = store.shared_files(), path = table.parquet_path,
                                max_cached_bytes = options.max_cached_bytes](std::string reason) {
    return std::make_shared<const ExactIndex>(files, path, max_cached_bytes, std::move(reason));
  };
  if (static_cast<uint64_t>(table.row_count) < options.exact_below) {
    return open_exact("tables of fewer than " + std::to_string(options.exact_below) + " rows have no index");
  }
  auto sidecar = SidecarIndex::open(store, table);
  if (!sidecar) {
    log::warn("result table " + table.table_name + " is searched without its index: " + sidecar.error());
    return open_exact("the index cannot be used: " + sidecar.error());
  }
  return std::make_shared<ForgivingIndex>(*std::move(sidecar), table.table_name, open_exact);
}

}  // namespace jammi::index
