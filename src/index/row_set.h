#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace jammi::index {

/// A set of rows of one table, a bit for each row of the table.
class RowSet {
 public:
  /// The empty set of rows of a table that has `num_rows`.
  explicit RowSet(uint64_t num_rows) : num_rows_(num_rows), words_((num_rows + 63) / 64) {}

  /// `row` must be below num_rows().
  void insert(uint64_t row) {
    uint64_t& word = words_[row / 64];
    const uint64_t bit = uint64_t{1} << (row % 64);
    size_ += (word & bit) == 0;
    word |= bit;
  }

  bool contains(uint64_t row) const noexcept { return (words_[row / 64] >> (row % 64) & 1) != 0; }

  /// How many rows are in the set.
  uint64_t size() const { return size_; }

  /// How many rows the table has.
  uint64_t num_rows() const { return num_rows_; }

  /// Calls `visit` with the set's rows in [begin, end), ascending.
  template <typename Visit>
  void for_each(uint64_t begin, uint64_t end, Visit visit) const {
    end = std::min(end, num_rows_);
    for (uint64_t word = begin / 64; word * 64 < end; ++word) {
      uint64_t bits = words_[word];
      if (word == begin / 64) bits &= ~uint64_t{0} << (begin % 64);
      for (; bits != 0; bits &= bits - 1) {
        const uint64_t row = word * 64 + static_cast<uint64_t>(std::countr_zero(bits));
        if (row >= end) return;
        visit(row);
      }
    }
  }

 private:
  uint64_t num_rows_;
  uint64_t size_ = 0;
  std::vector<uint64_t> words_;
};

}  // namespace jammi::index
