#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <duckdb.hpp>
#include <duckdb/catalog/catalog_entry/table_catalog_entry.hpp>

#include "sql/mutable_store.h"

/// The DuckDB catalog `mutable`, whose tables a MutableStore keeps. Only .cc files of this folder include it.
namespace jammi::sql {

constexpr const char* kMutableCatalog = "mutable";

/// A store's transaction as the operators of one DuckDB transaction share it; they hold `mutex` while they
/// use it or what it gave them.
struct OpenStore {
  std::mutex mutex;
  std::unique_ptr<StoreTransaction> transaction;
};

/// A mutable table as DuckDB's planner sees it. Its row id is the primary key, one virtual column for each of
/// its columns.
class MutableTable final : public duckdb::TableCatalogEntry {
 public:
  MutableTable(duckdb::SchemaCatalogEntry& schema, MutableTableDefinition definition);

  const MutableTableDefinition& definition() const { return definition_; }

  /// Positions of the primary key's columns in the definition, in the key's order.
  const std::vector<size_t>& key() const { return key_; }

  /// The position in the definition that a column of a scan stands for; nothing for one without a value.
  std::optional<size_t> position_of(duckdb::column_t column) const;

  const duckdb::ColumnList& GetColumns() const override { return columns_; }
  duckdb::virtual_column_map_t GetVirtualColumns() const override;
  duckdb::vector<duckdb::column_t> GetRowIdColumns() const override;
  duckdb::unique_ptr<duckdb::BaseStatistics> GetStatistics(duckdb::ClientContext&, duckdb::column_t) override;
  duckdb::TableFunction GetScanFunction(duckdb::ClientContext& context,
                                        duckdb::unique_ptr<duckdb::FunctionData>& bind_data) override;
  duckdb::TableStorageInfo GetStorageInfo(duckdb::ClientContext&) override;

 private:
  MutableTable(duckdb::SchemaCatalogEntry& schema, duckdb::CreateTableInfo info,
               MutableTableDefinition definition);

  MutableTableDefinition definition_;
  duckdb::ColumnList columns_;
  std::vector<size_t> key_;
};

/// Registers the catalog's type with `database` and attaches it as `mutable`.
void attach_mutable_catalog(duckdb::Connection& connection, std::shared_ptr<MutableStore> store);

/// The store's transaction that belongs to the one `context` runs, begun when it is first asked for: to write
/// inside an explicit transaction, to read otherwise.
std::shared_ptr<OpenStore> open_store(duckdb::ClientContext& context, duckdb::Catalog& mutable_catalog);

}  // namespace jammi::sql
