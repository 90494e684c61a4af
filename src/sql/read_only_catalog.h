#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <duckdb.hpp>
#include <duckdb/catalog/catalog.hpp>
#include <duckdb/catalog/catalog_entry/schema_catalog_entry.hpp>
#include <duckdb/catalog/catalog_entry/table_catalog_entry.hpp>
#include <duckdb/function/table_function.hpp>

/// DuckDB catalogs whose tables the engine scans itself and nobody can write to. Only .cc files of this
/// folder and its other internal headers include it.
namespace jammi::sql {

/// A table function bound to its input, with the columns it produces.
struct BoundScan {
  duckdb::TableFunction function;
  duckdb::unique_ptr<duckdb::FunctionData> bind_data;
  duckdb::vector<duckdb::Identifier> names;
  duckdb::vector<duckdb::LogicalType> types;
};

/// A table that is read through a scan bound anew for each query.
class ScannedTable final : public duckdb::TableCatalogEntry {
 public:
  using Bind = std::function<BoundScan(duckdb::ClientContext&)>;

  /// `shape` gives the columns; `bind` must keep producing them, else queries fail with Conflict.
  /// `tenant_column` tells whose a row is (tenant_rule.h); none: all are everybody's.
  ScannedTable(duckdb::SchemaCatalogEntry& owner, const std::string& table_name, const BoundScan& shape,
               Bind bind, std::optional<std::string> tenant_column);

  bool has_columns_of(const BoundScan& shape) const;

  const duckdb::ColumnList& GetColumns() const override { return columns_; }
  duckdb::unique_ptr<duckdb::BaseStatistics> GetStatistics(duckdb::ClientContext&, duckdb::column_t) override;
  duckdb::TableFunction GetScanFunction(duckdb::ClientContext& context,
                                        duckdb::unique_ptr<duckdb::FunctionData>& bind_data) override;
  duckdb::TableStorageInfo GetStorageInfo(duckdb::ClientContext&) override;

 private:
  ScannedTable(duckdb::SchemaCatalogEntry& owner, duckdb::CreateTableInfo info, Bind bind,
               std::optional<std::string> tenant_column);

  duckdb::ColumnList columns_;
  Bind bind_;
  std::optional<std::string> tenant_column_;
};

/// The tenant column of a table with the columns of `shape`: "tenant_id" where it has one, else what its
/// source declares (none: empty), else none.
std::optional<std::string> tenant_column_of(const BoundScan& shape, const std::string& declared);

/// The tables of one schema. Entries it returns must live as long as the catalog or the asking connection.
class TableDirectory {
 public:
  virtual ~TableDirectory() = default;

  /// The table of that name, compared without case; null if there is none.
  virtual duckdb::optional_ptr<duckdb::CatalogEntry> find(duckdb::ClientContext& context,
                                                          duckdb::SchemaCatalogEntry& schema,
                                                          const std::string& name) = 0;

  /// Calls `visit` with every table that can be read.
  virtual void for_each(duckdb::ClientContext& context, duckdb::SchemaCatalogEntry& schema,
                        const std::function<void(duckdb::CatalogEntry&)>& visit) = 0;
};

/// The schemas of one catalog by name; the one called "public" is the default.
using SchemaDirectories = std::map<std::string, std::unique_ptr<TableDirectory>>;

constexpr const char* kDefaultSchema = "public";

/// Attaches and detaches read-only catalogs of one DuckDB instance. Thread-safe.
class CatalogAttacher {
 public:
  /// Registers the catalog type with `database`.
  explicit CatalogAttacher(duckdb::DatabaseInstance& database);

  /// `schemas` belong to the catalog from then on; queries that use it keep it alive after `detach`. To the
  /// statements of other tenants than `owner`, it does not exist; without one, it is everybody's.
  void attach(duckdb::Connection& connection, const std::string& name, SchemaDirectories schemas,
              std::optional<std::string> owner);
  void detach(duckdb::Connection& connection, const std::string& name);

 private:
  struct Handover;
  std::mutex mutex_;  // guards handover_: DuckDB passes only text from an attach to the catalog it makes
  duckdb::shared_ptr<Handover> handover_;
};

}  // namespace jammi::sql
