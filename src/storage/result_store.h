#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <jammi/records.h>

#include "catalog/catalog.h"
#include "io/file_system.h"
#include "storage/result_table_reader.h"
#include "storage/result_table_writer.h"
#include "storage/table_definition.h"

namespace jammi::storage {

/// The result tables under one root directory (docs/formats/result-table.md). Thread-safe; several processes
/// may share a root.
class ResultStore {
 public:
  /// Makes `root` if needed. Normally {artifact_dir}/jammi_db.
  ResultStore(std::shared_ptr<io::FileSystem> files, std::string root,
              std::shared_ptr<catalog::Catalog> catalog);

  /// Registers a building table and opens its file. Throws InvalidArgument for zero dimensions or a task
  /// without vectors.
  std::unique_ptr<ResultTableWriter> create(TableDefinition definition,
                                            const std::optional<std::string>& tenant_id = std::nullopt);

  /// Opens the Parquet file of a table. Throws NotFound or DataCorruption naming the file.
  std::unique_ptr<ResultTableReader> open(const ResultTableRecord& table) const;

  struct Recovery {
    size_t num_promoted = 0;  ///< building with a complete file: now ready
    size_t num_failed = 0;    ///< building without one: now failed, files removed
  };
  using RebuildIndex = std::function<void(const ResultTableRecord&)>;

  /// Settles what dead processes left behind; to be run before tables are used. Tables that a live process is
  /// writing are left alone, as are those whose files lie elsewhere: a catalog on a server can be that of
  /// several directories. `rebuild_index` runs for each promoted table before it is ready; what it throws
  /// is logged.
  Recovery recover(const RebuildIndex& rebuild_index);

  /// Removes a source's tables, rows and files. A writer still at work on one fails when it finishes.
  void remove_tables_of(const std::string& source_id);

  /// Path of a table's file with `extension` ("parquet", "usearch", ...), without the dot.
  std::string file_path(const std::string& table_name, std::string_view extension) const;

  io::FileSystem& files() const { return *files_; }
  const std::shared_ptr<io::FileSystem>& shared_files() const { return files_; }

 private:
  bool is_own(const ResultTableRecord& table) const;
  void recover_table(const ResultTableRecord& table, const RebuildIndex& rebuild_index, Recovery& recovery);
  void remove_leftovers();
  void remove_temporary_files(const std::string& table_name);

  std::shared_ptr<io::FileSystem> files_;
  const std::string root_;
  std::shared_ptr<catalog::Catalog> catalog_;
};

}  // namespace jammi::storage
