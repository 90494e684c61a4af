#include "sql/read_only_catalog.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <duckdb/main/attached_database.hpp>
#include <duckdb/parser/parsed_data/create_schema_info.hpp>
#include <duckdb/parser/parsed_data/create_table_info.hpp>
#include <duckdb/storage/database_size.hpp>
#include <duckdb/storage/statistics/base_statistics.hpp>
#include <duckdb/storage/storage_extension.hpp>
#include <duckdb/storage/table_storage_info.hpp>
#include <duckdb/transaction/transaction.hpp>
#include <duckdb/transaction/transaction_manager.hpp>

#include "sql/engine.h"
#include "sql/errors.h"
#include "sql/fixed_schema.h"
#include "sql/query_state.h"
#include "sql/quoting.h"
#include "sql/tenant_rule.h"

namespace jammi::sql {
namespace {

constexpr const char* kCatalogType = "jammi";

constexpr const char* kReadOnly = "this table is read-only";

[[noreturn]] void refuse_write() {
  throw duckdb::NotImplementedException(kReadOnly);
}

/// Whether the statement of a connection sees what belongs to a tenant, or to nobody.
bool is_seen(duckdb::ClientContext& context, const std::optional<std::string>& tenant) {
  return inside_duckdb([&] { return scope_of(context).sees(tenant); });
}

class ReadOnlySchema final : public FixedSchema {
 public:
  ReadOnlySchema(duckdb::Catalog& owner, duckdb::CreateSchemaInfo info,
                 std::unique_ptr<TableDirectory> tables, std::optional<std::string> tenant)
      : FixedSchema(owner, std::move(info), kReadOnly),
        tables_(std::move(tables)),
        tenant_(std::move(tenant)) {}

  duckdb::optional_ptr<duckdb::CatalogEntry> LookupEntry(duckdb::CatalogTransaction transaction,
                                                         const duckdb::EntryLookupInfo& lookup) override {
    if (lookup.GetCatalogType() != duckdb::CatalogType::TABLE_ENTRY) return nullptr;
    if (!is_seen(transaction.GetContext(), tenant_)) return nullptr;
    return inside_duckdb(
        [&] { return tables_->find(transaction.GetContext(), *this, lookup.GetEntryName()); });
  }

  void Scan(duckdb::ClientContext& context, duckdb::CatalogType wanted,
            const std::function<void(duckdb::CatalogEntry&)>& visit) override {
    if (wanted != duckdb::CatalogType::TABLE_ENTRY || !is_seen(context, tenant_)) return;
    inside_duckdb([&] { tables_->for_each(context, *this, visit); });
  }

 private:
  std::unique_ptr<TableDirectory> tables_;
  const std::optional<std::string> tenant_;
};

class ReadOnlyCatalog final : public duckdb::Catalog {
 public:
  ReadOnlyCatalog(duckdb::AttachedDatabase& database, SchemaDirectories schemas,
                  std::optional<std::string> tenant)
      : Catalog(database), directories_(std::move(schemas)), tenant_(std::move(tenant)) {}

  void Initialize(bool) override {
    for (auto& [name, tables] : directories_) {
      duckdb::CreateSchemaInfo info;
      info.SetQualifiedName(duckdb::QualifiedName(GetName(), duckdb::Identifier(name), duckdb::Identifier()));
      schemas_.emplace(duckdb::Identifier(name),
                       duckdb::make_uniq<ReadOnlySchema>(*this, std::move(info), std::move(tables), tenant_));
    }
    directories_.clear();
  }

  duckdb::string GetCatalogType() override { return kCatalogType; }
  duckdb::optional<duckdb::Identifier> GetDefaultSchema() const override {
    return duckdb::Identifier(kDefaultSchema);
  }

  duckdb::optional_ptr<duckdb::SchemaCatalogEntry> LookupSchema(duckdb::CatalogTransaction transaction,
                                                                const duckdb::EntryLookupInfo& lookup,
                                                                duckdb::OnEntryNotFound missing) override {
    // With a schema that has no tables, errors are those of a catalog that does not exist.
    if (!is_seen(transaction.GetContext(), tenant_)) return schemas_.begin()->second.get();
    auto found = schemas_.find(lookup.GetEntryIdentifier());
    if (found != schemas_.end()) return found->second.get();
    if (missing == duckdb::OnEntryNotFound::RETURN_NULL) return nullptr;
    throw duckdb::CatalogException("no such schema: " + lookup.GetEntryName());
  }

  void ScanSchemas(duckdb::ClientContext& context,
                   std::function<void(duckdb::SchemaCatalogEntry&)> visit) override {
    if (!is_seen(context, tenant_)) return;
    for (auto& [name, schema] : schemas_) visit(*schema);
  }

  duckdb::CatalogLookupBehavior CatalogTypeLookupRule(duckdb::CatalogType type) const override {
    return type == duckdb::CatalogType::TABLE_ENTRY ? duckdb::CatalogLookupBehavior::STANDARD
                                                    : duckdb::CatalogLookupBehavior::NEVER_LOOKUP;
  }

  duckdb::DatabaseSize GetDatabaseSize(duckdb::ClientContext&) override { return {}; }
  bool InMemory() override { return true; }
  duckdb::string GetDBPath() override { return ""; }

  duckdb::optional_ptr<duckdb::CatalogEntry> CreateSchema(duckdb::CatalogTransaction,
                                                          duckdb::CreateSchemaInfo&) override {
    refuse_write();
  }
  void DropSchema(duckdb::ClientContext&, duckdb::DropInfo&) override { refuse_write(); }
  duckdb::PhysicalOperator& PlanCreateTableAs(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&,
                                              duckdb::LogicalCreateTable&,
                                              duckdb::PhysicalOperator&) override {
    refuse_write();
  }
  duckdb::PhysicalOperator& PlanInsert(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&,
                                       duckdb::LogicalInsert&,
                                       duckdb::optional_ptr<duckdb::PhysicalOperator>) override {
    refuse_write();
  }
  duckdb::PhysicalOperator& PlanDelete(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&,
                                       duckdb::LogicalDelete&, duckdb::PhysicalOperator&) override {
    refuse_write();
  }
  duckdb::PhysicalOperator& PlanUpdate(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&,
                                       duckdb::LogicalUpdate&, duckdb::PhysicalOperator&) override {
    refuse_write();
  }

 private:
  SchemaDirectories directories_;  // until Initialize turns them into schemas
  duckdb::identifier_map_t<duckdb::unique_ptr<ReadOnlySchema>> schemas_;
  const std::optional<std::string> tenant_;
};

// Files have no transactions: one exists only because DuckDB wants an object per connection and catalog.
class ReadTransactions final : public duckdb::TransactionManager {
 public:
  using TransactionManager::TransactionManager;

  duckdb::Transaction& StartTransaction(duckdb::ClientContext& context) override {
    auto transaction = std::make_unique<duckdb::Transaction>(*this, context);
    duckdb::Transaction& started = *transaction;
    std::lock_guard lock(mutex_);
    open_.emplace(&started, std::move(transaction));
    return started;
  }
  duckdb::ErrorData CommitTransaction(duckdb::ClientContext&, duckdb::Transaction& transaction) override {
    end(transaction);
    return {};
  }
  void RollbackTransaction(duckdb::Transaction& transaction) override { end(transaction); }
  void Checkpoint(duckdb::ClientContext&, bool) override {}

 private:
  void end(duckdb::Transaction& transaction) {
    std::lock_guard lock(mutex_);
    open_.erase(&transaction);
  }

  std::mutex mutex_;  // guards open_
  std::unordered_map<duckdb::Transaction*, std::unique_ptr<duckdb::Transaction>> open_;
};

duckdb::CreateTableInfo table_info(duckdb::SchemaCatalogEntry& schema, const std::string& name,
                                   const BoundScan& shape) {
  duckdb::CreateTableInfo info(schema, duckdb::Identifier(name));
  for (size_t i = 0; i < shape.names.size(); ++i) {
    info.columns.AddColumn(duckdb::ColumnDefinition(shape.names[i], shape.types[i]));
  }
  return info;
}

}  // namespace

ScannedTable::ScannedTable(duckdb::SchemaCatalogEntry& owner, const std::string& table_name,
                           const BoundScan& shape, Bind bind, std::optional<std::string> tenant_column)
    : ScannedTable(owner, table_info(owner, table_name, shape), std::move(bind), std::move(tenant_column)) {}

ScannedTable::ScannedTable(duckdb::SchemaCatalogEntry& owner, duckdb::CreateTableInfo info, Bind bind,
                           std::optional<std::string> tenant_column)
    : TableCatalogEntry(owner.catalog, owner, info),
      columns_(info.columns.Copy()),
      bind_(std::move(bind)),
      tenant_column_(std::move(tenant_column)) {}

bool ScannedTable::has_columns_of(const BoundScan& shape) const {
  if (shape.names.size() != columns_.LogicalColumnCount()) return false;
  for (size_t i = 0; i < shape.names.size(); ++i) {
    const duckdb::ColumnDefinition& column = columns_.GetColumn(duckdb::LogicalIndex(i));
    if (column.Name().GetIdentifierName() != shape.names[i].GetIdentifierName()) return false;
    if (column.Type() != shape.types[i]) return false;
  }
  return true;
}

duckdb::unique_ptr<duckdb::BaseStatistics> ScannedTable::GetStatistics(duckdb::ClientContext&,
                                                                       duckdb::column_t) {
  return nullptr;
}

duckdb::TableFunction ScannedTable::GetScanFunction(duckdb::ClientContext& context,
                                                    duckdb::unique_ptr<duckdb::FunctionData>& bind_data) {
  return inside_duckdb([&] {
    BoundScan scan = bind_(context);
    if (!has_columns_of(scan)) {
      throw Error(ErrorCode::Conflict, ErrorCategory::Sql,
                  "the table's columns changed while the query was being planned; run it again: " +
                      name.GetIdentifierName());
    }
    bind_data = std::move(scan.bind_data);
    note_scan(context, *bind_data, {name.GetIdentifierName(), tenant_column_});
    return scan.function;
  });
}

duckdb::TableStorageInfo ScannedTable::GetStorageInfo(duckdb::ClientContext&) {
  return {};
}

std::optional<std::string> tenant_column_of(const BoundScan& shape, const std::string& declared) {
  if (std::ranges::contains(shape.names, duckdb::Identifier(kTenantColumn))) return kTenantColumn;
  if (declared.empty()) return std::nullopt;
  return declared;
}

struct CatalogAttacher::Handover : duckdb::StorageExtensionInfo {
  SchemaDirectories schemas;
  std::optional<std::string> owner;
};

CatalogAttacher::CatalogAttacher(duckdb::DatabaseInstance& database)
    : handover_(duckdb::make_shared_ptr<Handover>()) {
  auto extension = duckdb::make_shared_ptr<duckdb::StorageExtension>();
  extension->storage_info = handover_;
  extension->attach = [](duckdb::optional_ptr<duckdb::StorageExtensionInfo> info, duckdb::ClientContext&,
                         duckdb::AttachedDatabase& attached, const duckdb::string&, duckdb::AttachInfo&,
                         duckdb::AttachOptions&) -> duckdb::unique_ptr<duckdb::Catalog> {
    auto& handover = static_cast<Handover&>(*info);
    return duckdb::make_uniq<ReadOnlyCatalog>(attached, std::move(handover.schemas),
                                              std::move(handover.owner));
  };
  extension->create_transaction_manager =
      [](duckdb::optional_ptr<duckdb::StorageExtensionInfo>, duckdb::AttachedDatabase& attached,
         duckdb::Catalog&) -> duckdb::unique_ptr<duckdb::TransactionManager> {
    return duckdb::make_uniq<ReadTransactions>(attached);
  };
  duckdb::StorageExtension::Register(duckdb::DBConfig::GetConfig(database), kCatalogType, extension);
}

void CatalogAttacher::attach(duckdb::Connection& connection, const std::string& name,
                             SchemaDirectories schemas, std::optional<std::string> owner) {
  std::lock_guard lock(mutex_);
  handover_->schemas = std::move(schemas);
  handover_->owner = std::move(owner);
  connection.Query("ATTACH '' AS " + quote_identifier(name) + " (TYPE " + kCatalogType + ")")->ThrowIfError();
}

void CatalogAttacher::detach(duckdb::Connection& connection, const std::string& name) {
  connection.Query("DETACH " + quote_identifier(name))->ThrowIfError();
}

}  // namespace jammi::sql
