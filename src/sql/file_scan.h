#pragma once

#include <string>
#include <vector>

#include <duckdb.hpp>
#include <duckdb/function/table_function.hpp>

#include "sql/engine.h"
#include "sql/read_only_catalog.h"

/// Scans of Parquet, CSV and newline-delimited JSON files through DuckDB's own readers.
namespace jammi::sql {

/// A file as it was when its columns were read.
struct FileStamp {
  std::string path;
  uint64_t size_bytes = 0;
  int64_t modified_ns = 0;

  bool operator==(const FileStamp&) const = default;
};

/// The files a table consists of at this moment, in path order. NotFound when there are none.
std::vector<FileStamp> list_files(const FileTable& table);

/// DuckDB's readers, held here so that they can be removed from what users may call. Immutable.
class FileReaders {
 public:
  /// Captures the readers of the instance behind `context`, inside a transaction.
  explicit FileReaders(duckdb::ClientContext& context);

  /// A scan of `files`. DataCorruption when one of them is not of `format` or its columns cannot be told.
  BoundScan bind(duckdb::ClientContext& context, FileFormat format,
                 const std::vector<FileStamp>& files) const;

 private:
  const duckdb::shared_ptr<const duckdb::TableFunction>& reader(FileFormat format) const;

  duckdb::shared_ptr<const duckdb::TableFunction> parquet_;
  duckdb::shared_ptr<const duckdb::TableFunction> csv_;
  duckdb::shared_ptr<const duckdb::TableFunction> json_;
};

}  // namespace jammi::sql
