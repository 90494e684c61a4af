#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "index/top_k.h"
#include "index/vector_index.h"
#include "io/file_system.h"
#include "storage/result_table_reader.h"

namespace jammi::index {

/// Compares a query with every vector of a result table's Parquet file. The vectors are kept in memory unless
/// they exceed `max_cached_bytes`; then each search reads the file again.
class ExactIndex final : public VectorIndex {
 public:
  ExactIndex(std::shared_ptr<io::FileSystem> files, std::string path, uint64_t max_cached_bytes);

  std::vector<Neighbor> search(std::span<const float> query, size_t k) const override;
  uint64_t size() const override { return num_rows_; }
  uint32_t dimensions() const override { return dimensions_; }
  bool is_approximate() const override { return false; }

 private:
  std::vector<Neighbor> search_cached(std::span<const float> query, size_t k) const;
  std::vector<Neighbor> search_file(std::span<const float> query, size_t k) const;

  std::shared_ptr<io::FileSystem> files_;
  std::string path_;
  uint64_t num_rows_ = 0;
  uint32_t dimensions_ = 0;
  bool is_cached_ = false;
  std::vector<storage::VectorBatch> batches_;
  std::vector<uint64_t> first_rows_;  // of each batch
};

}  // namespace jammi::index
