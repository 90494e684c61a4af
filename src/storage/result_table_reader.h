#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/file_system.h"
#include "storage/table_definition.h"

namespace jammi::storage {

/// Consecutive rows of a result table. The views stay valid as long as the batch or a copy of it lives.
struct VectorBatch {
  std::vector<std::string_view> row_ids;
  std::span<const float> vectors;       ///< [row_ids.size(), dimensions], row-major
  std::shared_ptr<const void> storage;  ///< owns what the views point into
};

/// Streams the rows of a result table's Parquet file in order. Throws DataCorruption naming the file for
/// anything that is not a result table or whose pages fail their checksum. Used by one thread at a time.
class ResultTableReader {
 public:
  /// Opens and checks the footer and the columns.
  ResultTableReader(const io::FileSystem& files, const std::string& path);
  ~ResultTableReader();

  uint64_t num_rows() const;
  uint32_t dimensions() const;

  /// From the footer.
  const TableDefinition& definition() const;

  /// Reads the next rows (some thousands); false at the end.
  bool next(VectorBatch& batch);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jammi::storage
