#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "sql/mutable_store.h"
#include "table/known_tables.h"
#include "table/write_turn.h"

namespace arrow {
class RecordBatch;
class RecordBatchReader;
}  // namespace arrow

namespace jammi::table {

/// The mutable tables in the catalog's database, which SQL reaches as a MutableStore. Writers of this process
/// take turns before they take a connection, so that those who wait keep none from readers. Thread-safe.
///
/// Errors have the MutableTable category; "backend: ..." is what the database found wrong.
class Store final : public sql::MutableStore {
 public:
  explicit Store(std::shared_ptr<catalog::Catalog> catalog,
                 std::chrono::milliseconds turn_timeout = std::chrono::seconds(60));

  std::unique_ptr<sql::StoreTransaction> begin(Access access, const catalog::TenantScope& scope) override;
  std::optional<MutableTableDefinition> find(const std::string& id) override;
  std::vector<MutableTableDefinition> list() override;

  std::optional<MutableTableDefinition> recall(const std::string& id) override;
  std::unique_ptr<sql::RowCursor> select_row(const MutableTableDefinition& table,
                                             std::span<const size_t> columns,
                                             std::span<const sql::Condition> key,
                                             const catalog::TenantScope& scope) override;
  bool change_row(const MutableTableDefinition& table, std::span<const sql::Condition> key,
                  std::span<const sql::Assignment> assignments, const catalog::TenantScope& scope) override;

  /// The table of that id. Throws NotFound.
  MutableTableDefinition get(const std::string& id, const catalog::TenantScope& scope = {});

  /// As the catalog's repository; remembers the chunk size, which no row keeps.
  void create(const MutableTableDefinition& definition, const catalog::TenantScope& scope = {});
  void drop(const std::string& id, const catalog::TenantScope& scope = {});

  /// Adds the rows of a batch in a transaction of its own.
  void insert_batch(const std::string& id, const arrow::RecordBatch& batch,
                    const catalog::TenantScope& scope = {});

  /// Streams all columns of the rows whose order column is greater than `value`, ascending, `limit` at most,
  /// a chunk size of rows a batch, as they are at the first read. The reader holds a connection until it is
  /// read to the end or destroyed. Throws NotFound, InvalidArgument for a table without order column.
  std::shared_ptr<arrow::RecordBatchReader> scan_after(const std::string& id, int64_t value,
                                                       std::optional<uint64_t> limit = {},
                                                       const catalog::TenantScope& scope = {});

 private:
  uint64_t chunk_size_of(const MutableTableDefinition& table);

  std::shared_ptr<catalog::Catalog> catalog_;
  WriteTurn turn_;
  KnownTables known_;
  std::mutex mutex_;  // guards chunk_sizes_
  std::map<std::string, uint64_t> chunk_sizes_;
};

/// Adds the rows of `batch`, whose columns must have the table's names and types in its order; nulls only
/// where the table takes them. InvalidArgument otherwise.
void insert_batch(sql::StoreTransaction& transaction, const MutableTableDefinition& table,
                  const arrow::RecordBatch& batch);

}  // namespace jammi::table
