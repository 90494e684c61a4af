#pragma once

#include <memory>
#include <span>
#include <string>

#include "io/file_system.h"
#include "storage/table_definition.h"

namespace jammi::storage {

/// Writes the Parquet file of a result table (docs/formats/result-table.md) to `path`, with no regard for
/// atomicity: unless `finish` returns, the file and a temporary one beside it (`path` + ".vectors.tmp") are
/// the caller's to remove. Keeps the row ids of one row group in memory, not its vectors. Used by one thread
/// at a time.
class ParquetVectorWriter {
 public:
  ParquetVectorWriter(io::FileSystem& files, const std::string& path, const TableDefinition& definition);
  ~ParquetVectorWriter();

  void append(std::span<const std::string> row_ids, std::span<const float> vectors);

  /// Writes the footer, syncs and closes the file.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jammi::storage
