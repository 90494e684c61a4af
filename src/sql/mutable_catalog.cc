#include "sql/mutable_catalog.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include <duckdb/catalog/catalog.hpp>
#include <duckdb/main/attached_database.hpp>
#include <duckdb/main/client_context.hpp>
#include <duckdb/parser/constraints/not_null_constraint.hpp>
#include <duckdb/parser/parsed_data/create_schema_info.hpp>
#include <duckdb/parser/parsed_data/create_table_info.hpp>
#include <duckdb/storage/database_size.hpp>
#include <duckdb/storage/statistics/base_statistics.hpp>
#include <duckdb/storage/storage_extension.hpp>
#include <duckdb/storage/table_storage_info.hpp>
#include <duckdb/transaction/transaction.hpp>
#include <duckdb/transaction/transaction_manager.hpp>

#include "sql/cells.h"
#include "sql/errors.h"
#include "sql/fixed_schema.h"
#include "sql/mutable_changes.h"
#include "sql/mutable_merge.h"
#include "sql/mutable_scan.h"
#include "sql/query_state.h"
#include "sql/read_only_catalog.h"

namespace jammi::sql {
namespace {

constexpr const char* kCatalogType = "jammi_mutable";

constexpr const char* kNoDefinitions =
    "mutable tables are made and dropped by create_mutable_table and drop_mutable_table, not in SQL";

[[noreturn]] void refuse_definition() {
  throw duckdb::NotImplementedException(kNoDefinitions);
}

class StoreTransactionHolder final : public duckdb::Transaction {
 public:
  StoreTransactionHolder(duckdb::TransactionManager& owner, duckdb::ClientContext& client,
                         MutableStore& store)
      : Transaction(owner, client),
        store_(store),
        scope_(scope_of(client)),
        access_(client.transaction.IsAutoCommit() ? MutableStore::Access::Read
                                                  : MutableStore::Access::Write) {}

  std::shared_ptr<OpenStore> open() {
    std::lock_guard lock(open_->mutex);
    if (!open_->transaction) open_->transaction = store_.begin(access_, scope_);
    return open_;
  }

  std::optional<MutableTableDefinition> find(const std::string& id) {
    std::lock_guard lock(open_->mutex);
    std::optional<MutableTableDefinition> table =
        open_->transaction ? open_->transaction->find(id) : store_.find(id);
    if (table && !scope_.sees(table->tenant_id)) return std::nullopt;
    return table;
  }

  void commit() {
    std::lock_guard lock(open_->mutex);
    if (open_->transaction) open_->transaction->commit();
  }

 private:
  MutableStore& store_;
  const catalog::TenantScope scope_;
  const MutableStore::Access access_;
  const std::shared_ptr<OpenStore> open_ = std::make_shared<OpenStore>();
};

class StoreTransactions final : public duckdb::TransactionManager {
 public:
  StoreTransactions(duckdb::AttachedDatabase& database, MutableStore& store)
      : TransactionManager(database), store_(store) {}

  duckdb::Transaction& StartTransaction(duckdb::ClientContext& context) override {
    auto transaction = std::make_unique<StoreTransactionHolder>(*this, context, store_);
    duckdb::Transaction& started = *transaction;
    std::lock_guard lock(mutex_);
    running_.emplace(&started, std::move(transaction));
    return started;
  }

  duckdb::ErrorData CommitTransaction(duckdb::ClientContext& context,
                                      duckdb::Transaction& transaction) override {
    duckdb::ErrorData failure;
    try {
      static_cast<StoreTransactionHolder&>(transaction).commit();
    } catch (const Error& error) {
      note_commit_failure(context, error);
      failure = duckdb::ErrorData(to_duckdb(error));
    } catch (const std::exception& thrown) {
      failure = duckdb::ErrorData(thrown);
    }
    end(transaction);
    return failure;
  }

  void RollbackTransaction(duckdb::Transaction& transaction) override { end(transaction); }
  void Checkpoint(duckdb::ClientContext&, bool) override {}

 private:
  void end(duckdb::Transaction& transaction) {
    std::unique_ptr<duckdb::Transaction> ended;  // destroyed without the lock: a rollback touches the disk
    std::lock_guard lock(mutex_);
    auto found = running_.find(&transaction);
    if (found == running_.end()) return;
    ended = std::move(found->second);
    running_.erase(found);
  }

  MutableStore& store_;
  std::mutex mutex_;  // guards running_
  std::unordered_map<duckdb::Transaction*, std::unique_ptr<duckdb::Transaction>> running_;
};

class MutableSchema final : public FixedSchema {
 public:
  MutableSchema(duckdb::Catalog& owner, duckdb::CreateSchemaInfo info, MutableStore& store)
      : FixedSchema(owner, std::move(info), kNoDefinitions), store_(store) {}

  duckdb::optional_ptr<duckdb::CatalogEntry> LookupEntry(duckdb::CatalogTransaction transaction,
                                                         const duckdb::EntryLookupInfo& lookup) override {
    if (lookup.GetCatalogType() != duckdb::CatalogType::TABLE_ENTRY) return nullptr;
    const std::string id = duckdb::StringUtil::Lower(lookup.GetEntryName());
    return inside_duckdb([&]() -> duckdb::optional_ptr<duckdb::CatalogEntry> {
      auto& running = duckdb::Transaction::Get(transaction.GetContext(), catalog);
      std::optional<MutableTableDefinition> found = static_cast<StoreTransactionHolder&>(running).find(id);
      if (!found) return nullptr;
      return &entry_of(std::move(*found));
    });
  }

  void Scan(duckdb::ClientContext& context, duckdb::CatalogType wanted,
            const std::function<void(duckdb::CatalogEntry&)>& visit) override {
    if (wanted != duckdb::CatalogType::TABLE_ENTRY) return;
    inside_duckdb([&] {
      const catalog::TenantScope& scope = scope_of(context);
      for (MutableTableDefinition& definition : store_.list()) {
        if (scope.sees(definition.tenant_id)) visit(entry_of(std::move(definition)));
      }
    });
  }

 private:
  // Plans refer to an entry for as long as they live, so none is ever freed: one for each shape a table had.
  MutableTable& entry_of(MutableTableDefinition definition) {
    std::lock_guard lock(mutex_);
    std::vector<std::unique_ptr<MutableTable>>& known = entries_[definition.id];
    const auto found =
        std::ranges::find_if(known, [&](const auto& entry) { return entry->definition() == definition; });
    if (found != known.end()) return **found;
    return *known.emplace_back(std::make_unique<MutableTable>(*this, std::move(definition)));
  }

  MutableStore& store_;
  std::mutex mutex_;  // guards entries_
  std::map<std::string, std::vector<std::unique_ptr<MutableTable>>> entries_;
};

class MutableCatalog final : public duckdb::Catalog {
 public:
  MutableCatalog(duckdb::AttachedDatabase& database, std::shared_ptr<MutableStore> store)
      : Catalog(database), store_(std::move(store)) {}

  MutableStore& store() { return *store_; }

  void Initialize(bool) override {
    duckdb::CreateSchemaInfo info;
    info.SetQualifiedName(
        duckdb::QualifiedName(GetName(), duckdb::Identifier(kDefaultSchema), duckdb::Identifier()));
    schema_ = duckdb::make_uniq<MutableSchema>(*this, std::move(info), *store_);
  }

  duckdb::string GetCatalogType() override { return kCatalogType; }
  duckdb::optional<duckdb::Identifier> GetDefaultSchema() const override {
    return duckdb::Identifier(kDefaultSchema);
  }

  duckdb::optional_ptr<duckdb::SchemaCatalogEntry> LookupSchema(duckdb::CatalogTransaction,
                                                                const duckdb::EntryLookupInfo& lookup,
                                                                duckdb::OnEntryNotFound missing) override {
    if (lookup.GetEntryIdentifier() == duckdb::Identifier(kDefaultSchema)) return schema_.get();
    if (missing == duckdb::OnEntryNotFound::RETURN_NULL) return nullptr;
    throw duckdb::CatalogException("no such schema: " + lookup.GetEntryName());
  }

  void ScanSchemas(duckdb::ClientContext&, std::function<void(duckdb::SchemaCatalogEntry&)> visit) override {
    visit(*schema_);
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
    refuse_definition();
  }
  void DropSchema(duckdb::ClientContext&, duckdb::DropInfo&) override { refuse_definition(); }
  duckdb::PhysicalOperator& PlanCreateTableAs(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&,
                                              duckdb::LogicalCreateTable&,
                                              duckdb::PhysicalOperator&) override {
    refuse_definition();
  }
  duckdb::PhysicalOperator& PlanInsert(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                       duckdb::LogicalInsert& op,
                                       duckdb::optional_ptr<duckdb::PhysicalOperator> rows) override {
    return plan_insert(context, planner, op, *rows);
  }
  duckdb::PhysicalOperator& PlanDelete(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                       duckdb::LogicalDelete& op, duckdb::PhysicalOperator& rows) override {
    return plan_delete(context, planner, op, rows);
  }
  duckdb::PhysicalOperator& PlanUpdate(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                       duckdb::LogicalUpdate& op, duckdb::PhysicalOperator& rows) override {
    return plan_update(context, planner, op, rows);
  }
  duckdb::PhysicalOperator& PlanMergeInto(duckdb::ClientContext& context,
                                          duckdb::PhysicalPlanGenerator& planner,
                                          duckdb::LogicalMergeInto& op,
                                          duckdb::PhysicalOperator& rows) override {
    return plan_merge(context, planner, op, rows);
  }

 private:
  std::shared_ptr<MutableStore> store_;
  duckdb::unique_ptr<MutableSchema> schema_;
};

struct StoreInfo final : duckdb::StorageExtensionInfo {
  explicit StoreInfo(std::shared_ptr<MutableStore> shown) : store(std::move(shown)) {}
  const std::shared_ptr<MutableStore> store;
};

duckdb::CreateTableInfo table_info(duckdb::SchemaCatalogEntry& schema,
                                   const MutableTableDefinition& definition) {
  duckdb::CreateTableInfo info(schema, duckdb::Identifier(definition.id));
  for (size_t i = 0; i < definition.columns.size(); ++i) {
    const MutableColumn& column = definition.columns[i];
    info.columns.AddColumn(
        duckdb::ColumnDefinition(duckdb::Identifier(column.name), logical_type(column.type)));
    if (!column.is_nullable) {
      info.constraints.push_back(duckdb::make_uniq<duckdb::NotNullConstraint>(duckdb::LogicalIndex(i)));
    }
  }
  return info;
}

size_t position_in(const MutableTableDefinition& definition, const std::string& column) {
  const auto found = std::ranges::find(definition.columns, column, &MutableColumn::name);
  return static_cast<size_t>(found - definition.columns.begin());
}

duckdb::column_t key_column_id(size_t position) {
  return duckdb::VIRTUAL_COLUMN_START + position;
}

duckdb::IndexInfo unique_index(const MutableTableDefinition& definition,
                               const std::vector<std::string>& columns, bool is_primary) {
  duckdb::IndexInfo info{.is_unique = true, .is_primary = is_primary, .is_foreign = false, .column_set = {}};
  for (const std::string& column : columns) info.column_set.insert(position_in(definition, column));
  return info;
}

}  // namespace

MutableTable::MutableTable(duckdb::SchemaCatalogEntry& owner, MutableTableDefinition definition)
    : MutableTable(owner, table_info(owner, definition), definition) {}

MutableTable::MutableTable(duckdb::SchemaCatalogEntry& owner, duckdb::CreateTableInfo info,
                           MutableTableDefinition definition)
    : TableCatalogEntry(owner.catalog, owner, info),
      definition_(std::move(definition)),
      columns_(info.columns.Copy()) {
  for (const std::string& column : definition_.primary_key) {
    key_.push_back(position_in(definition_, column));
  }
}

std::optional<size_t> MutableTable::position_of(duckdb::column_t column) const {
  if (column < definition_.columns.size()) return column;
  for (size_t i = 0; i < key_.size(); ++i) {
    if (column == key_column_id(i)) return key_[i];
  }
  return std::nullopt;
}

duckdb::virtual_column_map_t MutableTable::GetVirtualColumns() const {
  duckdb::virtual_column_map_t columns;
  columns.emplace(duckdb::COLUMN_IDENTIFIER_EMPTY,
                  duckdb::TableColumn(duckdb::Identifier(""), duckdb::LogicalType::BOOLEAN));
  for (size_t i = 0; i < key_.size(); ++i) {
    columns.emplace(key_column_id(i), duckdb::TableColumn(duckdb::Identifier("_key_" + std::to_string(i)),
                                                          logical_type(definition_.columns[key_[i]].type)));
  }
  return columns;
}

duckdb::vector<duckdb::column_t> MutableTable::GetRowIdColumns() const {
  duckdb::vector<duckdb::column_t> columns;
  for (size_t i = 0; i < key_.size(); ++i) columns.push_back(key_column_id(i));
  return columns;
}

duckdb::unique_ptr<duckdb::BaseStatistics> MutableTable::GetStatistics(duckdb::ClientContext&,
                                                                       duckdb::column_t) {
  return nullptr;
}

duckdb::TableFunction MutableTable::GetScanFunction(duckdb::ClientContext& context,
                                                    duckdb::unique_ptr<duckdb::FunctionData>& bind_data) {
  return mutable_scan(context, *this, bind_data);
}

// DuckDB reads off it which updates move a row and what ON CONFLICT may refer to.
duckdb::TableStorageInfo MutableTable::GetStorageInfo(duckdb::ClientContext&) {
  duckdb::TableStorageInfo info;
  info.index_info.push_back(unique_index(definition_, definition_.primary_key, true));
  for (const MutableIndex& index : definition_.indexes) {
    if (index.is_unique) info.index_info.push_back(unique_index(definition_, index.columns, false));
  }
  return info;
}

void attach_mutable_catalog(duckdb::Connection& connection, std::shared_ptr<MutableStore> store) {
  auto extension = duckdb::make_shared_ptr<duckdb::StorageExtension>();
  extension->storage_info = duckdb::make_shared_ptr<StoreInfo>(std::move(store));
  extension->attach = [](duckdb::optional_ptr<duckdb::StorageExtensionInfo> info, duckdb::ClientContext&,
                         duckdb::AttachedDatabase& attached, const duckdb::string&, duckdb::AttachInfo&,
                         duckdb::AttachOptions&) -> duckdb::unique_ptr<duckdb::Catalog> {
    return duckdb::make_uniq<MutableCatalog>(attached, static_cast<StoreInfo&>(*info).store);
  };
  extension->create_transaction_manager =
      [](duckdb::optional_ptr<duckdb::StorageExtensionInfo>, duckdb::AttachedDatabase& attached,
         duckdb::Catalog& attached_catalog) -> duckdb::unique_ptr<duckdb::TransactionManager> {
    return duckdb::make_uniq<StoreTransactions>(attached,
                                                static_cast<MutableCatalog&>(attached_catalog).store());
  };
  duckdb::StorageExtension::Register(duckdb::DBConfig::GetConfig(*connection.context), kCatalogType,
                                     extension);
  connection.Query(std::string("ATTACH '' AS ") + kMutableCatalog + " (TYPE " + kCatalogType + ")")
      ->ThrowIfError();
}

std::shared_ptr<OpenStore> open_store(duckdb::ClientContext& context, duckdb::Catalog& mutable_catalog) {
  auto& running = duckdb::Transaction::Get(context, mutable_catalog);
  return inside_duckdb([&] { return static_cast<StoreTransactionHolder&>(running).open(); });
}

}  // namespace jammi::sql
