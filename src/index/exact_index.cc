#include "index/exact_index.h"

#include <mutex>
#include <utility>

#include "index/parallel.h"
#include "numerics/vector_ops.h"

namespace jammi::index {
namespace {

class OwnedBytes final : public io::FileBytes {
 public:
  explicit OwnedBytes(std::string bytes) : bytes_(std::move(bytes)) {}
  std::span<const std::byte> bytes() const override { return std::as_bytes(std::span(bytes_)); }

 private:
  std::string bytes_;
};

/// Pushes the rows of `batch`, whose first one is row `first_row` of the table, that are in `among`.
void push_batch(std::span<const float> query, const storage::VectorBatch& batch, uint64_t first_row,
                const RowSet* among, TopK& best) {
  if (among == nullptr) {
    push_rows(query, batch.vectors, first_row, best);
    return;
  }
  among->for_each(first_row, first_row + batch.row_ids.size(), [&](uint64_t row) {
    const auto vector = batch.vectors.subspan((row - first_row) * query.size(), query.size());
    best.push({numerics::cosine(query, vector), row});
  });
}

}  // namespace

ExactIndex::ExactIndex(std::shared_ptr<io::FileSystem> files, std::string path, uint64_t max_cached_bytes,
                       std::string reason)
    : files_(std::move(files)), path_(std::move(path)), reason_(std::move(reason)) {
  storage::ResultTableReader reader(*files_, path_);
  num_rows_ = reader.num_rows();
  dimensions_ = reader.dimensions();
  is_cached_ = num_rows_ * dimensions_ * sizeof(float) <= max_cached_bytes;
  std::string row_map;
  append_row_map_header(row_map);
  uint64_t first_row = 0;
  for (storage::VectorBatch batch; reader.next(batch);) {
    for (std::string_view row_id : batch.row_ids) append_row_map_entry(row_map, row_id);
    first_rows_.push_back(first_row);
    first_row += batch.row_ids.size();
    if (is_cached_) batches_.push_back(std::move(batch));
  }
  row_ids_.emplace(std::make_unique<OwnedBytes>(std::move(row_map)), num_rows_);
}

SearchPath ExactIndex::path(size_t, const RowSet*) const {
  return {.uses_graph = false, .reason = reason_};
}

std::vector<Neighbor> ExactIndex::find(std::span<const float> query, size_t k, const RowSet* among) const {
  const TopK best = is_cached_ ? best_of_cache(query, k, among) : best_of_file(query, k, among);
  return neighbors_of(best);
}

TopK ExactIndex::best_of_cache(std::span<const float> query, size_t k, const RowSet* among) const {
  TopK best(k);
  std::mutex mutex;  // guards best
  const uint64_t num_compared = among == nullptr ? num_rows_ : among->size();
  for_each_part(batches_.size(), 1, num_threads_for(num_compared * dimensions_),
                [&](size_t, size_t begin, size_t end) {
                  TopK best_here(k);
                  for (size_t i = begin; i < end; ++i)
                    push_batch(query, batches_[i], first_rows_[i], among, best_here);
                  std::lock_guard lock(mutex);
                  best.merge(best_here);
                });
  return best;
}

TopK ExactIndex::best_of_file(std::span<const float> query, size_t k, const RowSet* among) const {
  storage::ResultTableReader reader(*files_, path_);
  TopK best(k);
  uint64_t first_row = 0;
  for (storage::VectorBatch batch; reader.next(batch);) {
    push_batch(query, batch, first_row, among, best);
    first_row += batch.row_ids.size();
  }
  return best;
}

}  // namespace jammi::index
