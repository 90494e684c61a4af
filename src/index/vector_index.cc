#include "index/vector_index.h"

#include <mutex>
#include <utility>

#include <jammi/error.h>

#include "base/log.h"
#include "index/exact_index.h"
#include "index/sidecar_index.h"
#include "numerics/vector_ops.h"

namespace jammi::index {
namespace {

/// A sidecar index that gives way to exact search when it meets a damaged vector.
class ForgivingIndex final : public VectorIndex {
 public:
  ForgivingIndex(std::unique_ptr<SidecarIndex> sidecar, std::string table_name,
                 std::function<std::shared_ptr<const VectorIndex>()> open_exact)
      : sidecar_(std::move(sidecar)),
        table_name_(std::move(table_name)),
        open_exact_(std::move(open_exact)) {}

  std::vector<Neighbor> search(std::span<const float> query, size_t k) const override {
    if (const auto exact = exact_if_open()) return exact->search(query, k);
    try {
      return sidecar_->search(query, k);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::DataCorruption) throw;
      return open_exact(error.what())->search(query, k);
    }
  }

  uint64_t size() const override { return sidecar_->size(); }
  uint32_t dimensions() const override { return sidecar_->dimensions(); }
  bool is_approximate() const override { return exact_if_open() == nullptr; }

 private:
  std::shared_ptr<const VectorIndex> exact_if_open() const {
    std::lock_guard lock(mutex_);
    return exact_;
  }

  std::shared_ptr<const VectorIndex> open_exact(const std::string& reason) const {
    std::lock_guard lock(mutex_);
    if (!exact_) {
      log::warn("result table " + table_name_ + " is searched without its index from here on: " + reason);
      exact_ = open_exact_();
    }
    return exact_;
  }

  const std::unique_ptr<SidecarIndex> sidecar_;
  const std::string table_name_;
  const std::function<std::shared_ptr<const VectorIndex>()> open_exact_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const VectorIndex> exact_;  // guarded by mutex_
};

}  // namespace

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
  const auto open_exact = [files = store.shared_files(), path = table.parquet_path,
                           max_cached_bytes =
                               options.max_cached_bytes]() -> std::shared_ptr<const VectorIndex> {
    return std::make_shared<ExactIndex>(files, path, max_cached_bytes);
  };
  if (static_cast<uint64_t>(table.row_count) < options.exact_below) return open_exact();
  auto sidecar = SidecarIndex::open(store, table);
  if (!sidecar) {
    log::warn("result table " + table.table_name + " is searched without its index: " + sidecar.error());
    return open_exact();
  }
  return std::make_shared<ForgivingIndex>(*std::move(sidecar), table.table_name, open_exact);
}

}  // namespace jammi::index
