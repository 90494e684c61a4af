#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <jammi/records.h>

#include "index/row_map.h"
#include "index/row_set.h"
#include "index/top_k.h"
#include "storage/result_store.h"

namespace jammi::index {

/// A row of a result table and its cosine similarity to a query, computed from the stored float32 vectors.
struct Neighbor {
  uint64_t row = 0;  ///< position in the table, from 0
  std::string row_id;
  float similarity = 0;
};

/// How an index answers a search, for people to read.
struct SearchPath {
  bool uses_graph = false;  ///< else the query is compared with every row that may be found
  std::string reason;       ///< the figures that decided, as one clause
};

/// Finds the nearest rows of one result table. Immutable and thread-safe.
class VectorIndex {
 public:
  virtual ~VectorIndex() = default;

  /// The `k` nearest rows (all when there are fewer), by similarity descending, then row ascending. Every
  /// implementation reports the same similarity for the same row; a vector or query of norm zero has
  /// similarity 0. Throws InvalidArgument for a query of another width or with a value that is not finite.
  std::vector<Neighbor> search(std::span<const float> query, size_t k) const;

  /// The same among `rows`, a set over this table: always min(k, rows.size()) of them.
  std::vector<Neighbor> search(std::span<const float> query, size_t k, const RowSet& rows) const;

  /// What `search` would do for `k` rows, among `rows` unless that is null. A search among rows that begins
  /// in the graph still ends in a scan when the graph turns out to be the longer way.
  virtual SearchPath path(size_t k, const RowSet* rows) const = 0;

  virtual uint64_t size() const = 0;
  virtual uint32_t dimensions() const = 0;

  /// The ids of all rows by position.
  virtual const RowMap& row_ids() const = 0;

  /// Whether results may miss a true neighbour.
  virtual bool is_approximate() const = 0;

 protected:
  /// The rows of `best` with their ids.
  std::vector<Neighbor> neighbors_of(const TopK& best) const;

  /// The search, with a query that has been checked; k is at least 1 and at most the number of rows that may
  /// be found. `among` is null when all may.
  virtual std::vector<Neighbor> find(std::span<const float> query, size_t k, const RowSet* among) const = 0;

 private:
  void check_query(std::span<const float> query) const;
};

struct VectorIndexOptions {
  /// Tables with fewer rows are searched exactly: that takes under a millisecond or so and misses nothing.
  uint64_t exact_below = 10'000;

  /// Exact search keeps vectors in memory up to this size; beyond, each search reads the Parquet file.
  uint64_t max_cached_bytes = uint64_t{1} << 30;
};

/// Opens the index of a ready embedding table: the graph sidecar for large tables, exact search over the
/// Parquet file otherwise. A missing or damaged sidecar is only logged. Throws what `ResultTableReader`
/// throws.
std::shared_ptr<const VectorIndex> open_vector_index(const storage::ResultStore& store,
                                                     const ResultTableRecord& table,
                                                     const VectorIndexOptions& options = {});

}  // namespace jammi::index
