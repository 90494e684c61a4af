#include "index/exact_index.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "index/parallel.h"

namespace jammi::index {
namespace {

/// Below this many multiply-adds starting threads costs more than it saves.
constexpr uint64_t kMinParallelWork = 4'000'000;

}  // namespace

ExactIndex::ExactIndex(std::shared_ptr<io::FileSystem> files, std::string path, uint64_t max_cached_bytes)
    : files_(std::move(files)), path_(std::move(path)) {
  storage::ResultTableReader reader(*files_, path_);
  num_rows_ = reader.num_rows();
  dimensions_ = reader.dimensions();
  is_cached_ = num_rows_ * dimensions_ * sizeof(float) <= max_cached_bytes;
  if (!is_cached_) return;
  uint64_t first_row = 0;
  for (storage::VectorBatch batch; reader.next(batch);) {
    first_rows_.push_back(first_row);
    first_row += batch.row_ids.size();
    batches_.push_back(std::move(batch));
  }
}

std::vector<Neighbor> ExactIndex::search(std::span<const float> query, size_t k) const {
  check_query(query);
  k = std::min<size_t>(k, num_rows_);
  if (k == 0) return {};
  return is_cached_ ? search_cached(query, k) : search_file(query, k);
}

std::vector<Neighbor> ExactIndex::search_cached(std::span<const float> query, size_t k) const {
  TopK best(k);
  std::mutex mutex;  // guards best
  const size_t num_threads = num_rows_ * dimensions_ < kMinParallelWork ? 1 : default_num_threads();
  for_each_part(batches_.size(), 1, num_threads, [&](size_t, size_t begin, size_t end) {
    TopK best_here(k);
    for (size_t i = begin; i < end; ++i) push_rows(query, batches_[i].vectors, first_rows_[i], best_here);
    std::lock_guard lock(mutex);
    best.merge(best_here);
  });
  std::vector<Neighbor> neighbors;
  for (const ScoredRow& scored : best.sorted()) {
    const size_t i =
        static_cast<size_t>(std::ranges::upper_bound(first_rows_, scored.row) - first_rows_.begin()) - 1;
    neighbors.push_back(
        {scored.row, std::string(batches_[i].row_ids[scored.row - first_rows_[i]]), scored.similarity});
  }
  return neighbors;
}

std::vector<Neighbor> ExactIndex::search_file(std::span<const float> query, size_t k) const {
  storage::ResultTableReader reader(*files_, path_);
  TopK best(k);
  std::map<uint64_t, std::string> row_ids;  // of the rows in `best`
  uint64_t first_row = 0;
  for (storage::VectorBatch batch; reader.next(batch);) {
    push_rows(query, batch.vectors, first_row, best);
    std::map<uint64_t, std::string> kept;
    for (const ScoredRow& scored : best.sorted()) {
      kept[scored.row] = scored.row < first_row ? std::move(row_ids[scored.row])
                                                : std::string(batch.row_ids[scored.row - first_row]);
    }
    row_ids = std::move(kept);
    first_row += batch.row_ids.size();
  }
  std::vector<Neighbor> neighbors;
  for (const ScoredRow& scored : best.sorted())
    neighbors.push_back({scored.row, std::move(row_ids[scored.row]), scored.similarity});
  return neighbors;
}

}  // namespace jammi::index
