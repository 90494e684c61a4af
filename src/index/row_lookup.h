#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "index/row_map.h"
#include "index/row_set.h"

namespace jammi::index {

/// Finds the rows of a table by their ids; several rows may share one. Takes about 12 bytes a row. Immutable
/// and thread-safe.
class RowLookup {
 public:
  /// `ids`, of the table's `num_rows` rows, must outlive it. Throws ResourceExhausted beyond 2^32 - 2 rows.
  RowLookup(const RowMap& ids, uint64_t num_rows);

  /// Adds the rows of ids given one by one to a set. Fastest for ids in the order of the table.
  class Collector {
   public:
    Collector(const RowLookup& lookup, RowSet& rows) : lookup_(lookup), rows_(rows) {}

    /// Adds every row whose id is `id`, if there is one.
    void add(std::string_view id);

   private:
    bool add_one_ahead(std::string_view id);

    const RowLookup& lookup_;
    RowSet& rows_;
    uint64_t next_ = 0;  // behind the row found last
  };

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};

  struct Slot {
    uint32_t tag = 0;  // of the id's hash
    uint32_t row = kNone;
  };

  /// The slot that holds the last row with `id`, or the free one where it would be.
  size_t slot_of(std::string_view id, uint64_t hash) const;

  const RowMap& ids_;
  const uint64_t num_rows_;
  std::vector<Slot> slots_;        // open addressing; a power of two, at most two thirds in use
  std::vector<uint32_t> same_id_;  // of each row the one before it with the same id; empty when ids differ
};

}  // namespace jammi::index
