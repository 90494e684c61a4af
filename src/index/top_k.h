#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace jammi::index {

struct ScoredRow {
  float similarity = 0;
  uint64_t row = 0;

  /// The order of search results: similarity descending, then row ascending.
  bool comes_before(const ScoredRow& other) const {
    return similarity != other.similarity ? similarity > other.similarity : row < other.row;
  }
};

/// Keeps the best k of the rows pushed. Rows of equal similarity are told apart by their position, so the
/// outcome does not depend on the order of pushing.
class TopK {
 public:
  explicit TopK(size_t k) : k_(k) {}

  void push(ScoredRow candidate) {
    if (heap_.size() < k_) {
      heap_.push_back(candidate);
      std::ranges::push_heap(heap_, is_better);
    } else if (k_ > 0 && candidate.comes_before(heap_.front())) {
      std::ranges::pop_heap(heap_, is_better);
      heap_.back() = candidate;
      std::ranges::push_heap(heap_, is_better);
    }
  }

  void merge(const TopK& other) {
    for (const ScoredRow& row : other.heap_) push(row);
  }

  /// Best first.
  std::vector<ScoredRow> sorted() const {
    std::vector<ScoredRow> rows = heap_;
    std::ranges::sort(rows, is_better);
    return rows;
  }

 private:
  static bool is_better(const ScoredRow& a, const ScoredRow& b) { return a.comes_before(b); }

  size_t k_;
  std::vector<ScoredRow> heap_;  // worst at the front
};

/// Pushes the cosine similarity of `query` to each row of `vectors` [n, query.size()]; the first one is row
/// `first_row`. A query or vector of norm zero has similarity 0.
void push_rows(std::span<const float> query, std::span<const float> vectors, uint64_t first_row, TopK& best);

}  // namespace jammi::index
