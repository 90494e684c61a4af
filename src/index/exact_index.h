#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "index/row_map.h"
#include "index/top_k.h"
#include "index/vector_index.h"
#include "io/file_system.h"
#include "storage/result_table_reader.h"

namespace jammi::index {

/// Compares a query with every vector of a result table's Parquet file. The row ids are kept in memory, and
/// the vectors unless they exceed `max_cached_bytes`; then each search reads the file again.
class ExactIndex final : public VectorIndex {
 public:
  /// `reason` says why there is no graph, for `path`.
  ExactIndex(std::shared_ptr<io::FileSystem> files, std::string path, uint64_t max_cached_bytes,
             std::string reason);

  SearchPath path(size_t k, const RowSet* rows) const override;
  uint64_t size() const override { return num_rows_; }
  uint32_t dimensions() const override { return dimensions_; }
  const RowMap& row_ids() const override { return *row_ids_; }
  bool is_approximate() const override { return false; }

 protected:
  std::vector<Neighbor> find(std::span<const float> query, size_t k, const RowSet* among) const override;

 private:
  TopK best_of_cache(std::span<const float> query, size_t k, const RowSet* among) const;
  TopK best_of_file(std::span<const float> query, size_t k, const RowSet* among) const;

  std::shared_ptr<io::FileSystem> files_;
  std::string path_;
  std::string reason_;
  uint64_t num_rows_ = 0;
  uint32_t dimensions_ = 0;
  bool is_cached_ = false;
  std::optional<RowMap> row_ids_;
  std::vector<storage::VectorBatch> batches_;
  std::vector<uint64_t> first_rows_;  // of each batch
};

}  // namespace jammi::index
