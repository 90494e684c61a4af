#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <jammi/records.h>

#include "catalog/catalog.h"
#include "io/file_system.h"
#include "storage/parquet_vector_writer.h"
#include "storage/table_definition.h"

namespace jammi::storage {

/// Writes one result table: `append`*, then `finish`. Until `finish` returns nobody sees the table;
/// destroying the writer earlier abandons it. Holds the table's lock file, so that recovery in other
/// processes leaves the table alone. Used by one thread at a time; keeps at most one row group in memory.
class ResultTableWriter {
 public:
  /// Made by `ResultStore::create`, with the record to insert and the held `<name>.lock`.
  ResultTableWriter(std::shared_ptr<io::FileSystem> files, std::shared_ptr<catalog::Catalog> catalog,
                    ResultTableRecord table, TableDefinition definition, std::unique_ptr<io::FileLock> lock);
  ~ResultTableWriter();
  ResultTableWriter(const ResultTableWriter&) = delete;
  ResultTableWriter& operator=(const ResultTableWriter&) = delete;

  /// Adds rows in order: `vectors` is [row_ids.size(), dimensions], row-major. Throws InvalidArgument for a
  /// wrong width or a value that is not finite; the rows are then not added.
  void append(std::span<const std::string> row_ids, std::span<const float> vectors);

  uint64_t num_rows() const { return num_rows_; }
  const ResultTableRecord& table() const { return table_; }
  const TableDefinition& definition() const { return definition_; }

  /// Makes the Parquet file complete and durable under its final name. Sidecars are written between this and
  /// `finish`.
  void seal();

  /// Seals if that was not done, marks the table ready and returns its record. Throws Conflict when the
  /// source was removed meanwhile.
  ResultTableRecord finish();

  /// Removes what was written and marks the table failed. `reason` goes to the log.
  void abandon(std::string_view reason) noexcept;

 private:
  enum class State { Writing, Sealed, Done };

  void release_lock() noexcept;

  std::shared_ptr<io::FileSystem> files_;
  std::shared_ptr<catalog::Catalog> catalog_;
  ResultTableRecord table_;
  TableDefinition definition_;
  std::unique_ptr<io::FileLock> lock_;
  std::unique_ptr<ParquetVectorWriter> parquet_;
  uint64_t num_rows_ = 0;
  State state_ = State::Writing;
};

}  // namespace jammi::storage
