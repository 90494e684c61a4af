#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <jammi/error.h>

#include "sql/engine.h"
#include "sql/file_scan.h"
#include "sql/read_only_catalog.h"

/// The tables of the engine's catalogs: file tables of a source, result tables, catalog views, relations.
namespace jammi::sql {

/// The catalog that unqualified names resolve in, and its schema of result tables.
constexpr const char* kDefaultCatalog = "jammi_db";
constexpr const char* kResultSchema = "jammi";

/// One file table as DuckDB sees it; its columns follow the files. Thread-safe.
class FileTableEntries {
 public:
  /// `tenant_column` is what the table's source declares; empty: none.
  FileTableEntries(std::shared_ptr<const FileReaders> readers, FileTable table, std::string tenant_column);

  /// The entry for the files as they are: another one when their columns differ from the last time. Entries
  /// live as long as this object.
  ScannedTable& current(duckdb::ClientContext& context, duckdb::SchemaCatalogEntry& schema);

  /// Warns that `current` failed, unless the last warning said the same.
  void report_once(const Error& error);

 private:
  std::shared_ptr<const FileReaders> readers_;
  FileTable table_;
  std::string tenant_column_;
  std::mutex mutex_;  // guards the members below
  std::vector<FileStamp> stamps_;
  std::string reported_;
  std::vector<std::unique_ptr<ScannedTable>> versions_;  // DuckDB holds plain pointers: none is freed early
};

/// The schemas of one source's catalog.
SchemaDirectories source_schemas(std::shared_ptr<const FileReaders> readers, std::vector<FileTable> tables,
                                 const std::string& tenant_column);

/// The schemas of the default catalog.
SchemaDirectories default_schemas(std::shared_ptr<const FileReaders> readers,
                                  duckdb::TableFunction arrow_scan, CatalogContent content);

}  // namespace jammi::sql
