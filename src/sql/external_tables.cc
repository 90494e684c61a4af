#include "sql/external_tables.h"

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include <duckdb/catalog/catalog_entry/table_catalog_entry.hpp>
#include <duckdb/main/client_context.hpp>
#include <duckdb/main/client_context_state.hpp>
#include <duckdb/transaction/meta_transaction.hpp>

#include "base/log.h"
#include "sql/errors.h"
#include "sql/query_state.h"

namespace jammi::sql {
namespace {

using Visit = std::function<void(duckdb::CatalogEntry&)>;

// PostgreSQL's scale of -2 rounds to hundreds; the extension takes it for one of 254.
bool has_negative_scale(const duckdb::LogicalType& type) {
  return type.id() == duckdb::LogicalTypeId::DECIMAL &&
         duckdb::DecimalType::GetScale(type) > duckdb::DecimalType::GetWidth(type);
}

// A database as one connection has it open.
class OpenDatabase {
 public:
  OpenDatabase(duckdb::ClientContext& context, DatabaseDrivers& drivers, const ExternalDatabase& database)
      : drivers_(drivers),
        session_(drivers.open(database)),
        stop_(stop_token_of(context)),
        canceller_(std::in_place, stop_, [&context, this] {
          context.Interrupt();  // first: what the server then reports is no error of its own
          session_->cancel();
        }) {}

  ~OpenDatabase() {
    canceller_.reset();
    if (!stop_.stop_requested()) drivers_.keep(std::move(session_));
  }
  OpenDatabase(const OpenDatabase&) = delete;
  OpenDatabase& operator=(const OpenDatabase&) = delete;

  duckdb::optional_ptr<duckdb::TableCatalogEntry> find(duckdb::ClientContext& context,
                                                       const std::string& name) {
    auto entry = schema(context).GetEntry(catalog().GetCatalogTransaction(context),
                                          duckdb::CatalogType::TABLE_ENTRY, duckdb::Identifier(name));
    if (!entry || entry->type != duckdb::CatalogType::TABLE_ENTRY) return nullptr;
    return entry->Cast<duckdb::TableCatalogEntry>();
  }

  std::vector<std::string> table_names(duckdb::ClientContext& context) {
    std::vector<std::string> names;
    schema(context).Scan(context, duckdb::CatalogType::TABLE_ENTRY, [&](duckdb::CatalogEntry& entry) {
      if (entry.type == duckdb::CatalogType::TABLE_ENTRY) names.push_back(entry.name.GetIdentifierName());
    });
    std::ranges::sort(names);
    return names;
  }

  /// What the engine's catalog shows of a table; lives as long as this object.
  duckdb::optional_ptr<duckdb::CatalogEntry> entry(duckdb::ClientContext& context,
                                                   duckdb::SchemaCatalogEntry& owner, const std::string& name,
                                                   const std::string& tenant_column) {
    auto table = find(context, name);
    if (!table) return nullptr;
    std::unique_ptr<ScannedTable>& entry = entries_[table->name];
    if (!entry) {
      const auto bind = [&source = *table, has_bits = session_->has_bits()](duckdb::ClientContext& binding) {
        BoundScan scan = bind_scan(binding, source);
        if (has_bits && std::ranges::contains(scan.types, duckdb::LogicalType(duckdb::LogicalType::BLOB))) {
          scan.function.filter_pushdown = false;
        }
        return scan;
      };
      const BoundScan shape = shape_of(*table);
      entry = std::make_unique<ScannedTable>(owner, table->name.GetIdentifierName(), shape, bind,
                                             tenant_column_of(shape, tenant_column));
    }
    return entry.get();
  }

  static BoundScan shape_of(duckdb::TableCatalogEntry& table) {
    BoundScan shape;
    for (const duckdb::ColumnDefinition& column : table.GetColumns().Logical()) {
      shape.names.push_back(column.Name());
      shape.types.push_back(column.Type());
    }
    return shape;
  }

 private:
  static BoundScan bind_scan(duckdb::ClientContext& context, duckdb::TableCatalogEntry& table) {
    BoundScan scan = shape_of(table);
    for (size_t i = 0; i < scan.types.size(); ++i) {
      if (!has_negative_scale(scan.types[i])) continue;
      throw Error(ErrorCode::Unsupported, ErrorCategory::Sql,
                  "a numeric column with a negative scale cannot be read, a view that casts it can: " +
                      table.name.GetIdentifierName() + "." + scan.names[i].GetIdentifierName());
    }
    scan.function = table.GetScanFunction(context, scan.bind_data);
    return scan;
  }

  duckdb::SchemaCatalogEntry& schema(duckdb::ClientContext& context) {
    duckdb::shared_ptr<duckdb::AttachedDatabase> database = session_->database();
    duckdb::MetaTransaction::Get(context).UseDatabase(database);
    const std::string& name = session_->address().schema;
    auto found = catalog().GetSchema(context, duckdb::Identifier(name), duckdb::OnEntryNotFound::RETURN_NULL);
    if (found) return *found;
    throw Error(ErrorCode::NotFound, ErrorCategory::Sql, "the database has no schema: " + name);
  }

  duckdb::Catalog& catalog() { return session_->database()->GetCatalog(); }

  DatabaseDrivers& drivers_;
  std::unique_ptr<DatabaseSession> session_;
  duckdb::identifier_map_t<std::unique_ptr<ScannedTable>> entries_;
  const std::stop_token stop_;
  std::optional<std::stop_callback<std::function<void()>>> canceller_;
};

// The external databases that a connection's statement reads.
struct OpenDatabases final : duckdb::ClientContextState {
  std::map<const TableDirectory*, OpenDatabase> by_directory;
};

constexpr const char* kStateKey = "jammi_open_databases";

class ExternalDirectory final : public TableDirectory {
 public:
  ExternalDirectory(std::shared_ptr<DatabaseDrivers> drivers, std::string source, ExternalDatabase database,
                    std::string tenant_column)
      : drivers_(std::move(drivers)),
        source_(std::move(source)),
        database_(std::move(database)),
        tenant_column_(std::move(tenant_column)) {}

  ~ExternalDirectory() override { drivers_->close(database_); }

  duckdb::optional_ptr<duckdb::CatalogEntry> find(duckdb::ClientContext& context,
                                                  duckdb::SchemaCatalogEntry& schema,
                                                  const std::string& name) override {
    return opened_by(context).entry(context, schema, name, tenant_column_);
  }

  // A listing goes on without a server that cannot be reached; the statement that reads it reports why.
  void for_each(duckdb::ClientContext& context, duckdb::SchemaCatalogEntry& schema,
                const Visit& visit) override {
    std::vector<duckdb::optional_ptr<duckdb::CatalogEntry>> entries;
    try {
      translated([&] {
        OpenDatabase& database = opened_by(context);
        for (const std::string& name : database.table_names(context)) {
          entries.push_back(database.entry(context, schema, name, tenant_column_));
        }
      });
    } catch (const Error& error) {
      if (error.code() == ErrorCode::Cancelled) throw;
      report_once(error);
      return;
    }
    for (auto& entry : entries) {
      if (entry) visit(*entry);
    }
  }

 private:
  OpenDatabase& opened_by(duckdb::ClientContext& context) {
    auto state = context.registered_state->GetOrCreate<OpenDatabases>(kStateKey);
    auto found = state->by_directory.find(this);
    if (found != state->by_directory.end()) return found->second;
    return state->by_directory.try_emplace(this, context, *drivers_, database_).first->second;
  }

  void report_once(const Error& error) {
    std::lock_guard lock(mutex_);
    if (reported_ == error.what()) return;
    reported_ = error.what();
    log::warn("left out of the list of tables: " + source_ + ": " + reported_);
  }

  std::shared_ptr<DatabaseDrivers> drivers_;
  std::string source_;
  ExternalDatabase database_;
  std::string tenant_column_;
  std::mutex mutex_;  // guards reported_
  std::string reported_;
};

}  // namespace

SchemaDirectories external_schemas(std::shared_ptr<DatabaseDrivers> drivers, std::string source,
                                   ExternalDatabase database, std::string tenant_column) {
  SchemaDirectories schemas;
  schemas[kDefaultSchema] = std::make_unique<ExternalDirectory>(
      std::move(drivers), std::move(source), std::move(database), std::move(tenant_column));
  return schemas;
}

std::vector<TableDescription> describe_external(duckdb::Connection& connection, DatabaseDrivers& drivers,
                                                const ExternalDatabase& database) {
  duckdb::ClientContext& context = *connection.context;
  OpenDatabase opened(context, drivers, database);
  std::vector<TableDescription> descriptions;
  context.RunFunctionInTransaction([&] {
    for (const std::string& name : opened.table_names(context)) {
      auto table = opened.find(context, name);
      if (!table) continue;  // dropped since it was listed
      TableDescription& description = descriptions.emplace_back(name);
      for (const duckdb::ColumnDefinition& column : table->GetColumns().Logical()) {
        description.columns.push_back({column.Name().GetIdentifierName(), column.Type().ToString()});
      }
    }
  });
  return descriptions;
}

}  // namespace jammi::sql
