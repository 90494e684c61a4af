#include "sql/database_drivers.h"

#include <algorithm>
#include <functional>
#include <ranges>
#include <string>
#include <tuple>

#include <duckdb/catalog/catalog.hpp>
#include <duckdb/catalog/catalog_entry/table_function_catalog_entry.hpp>
#include <duckdb/main/client_context.hpp>
#include <duckdb/main/config.hpp>
#include <duckdb/main/extension_callback_manager.hpp>
#include <duckdb/optimizer/optimizer_extension.hpp>
#include <duckdb/parser/parsed_data/attach_info.hpp>
#include <duckdb/storage/storage_extension.hpp>
#include <duckdb/transaction/transaction_manager.hpp>

#include "base/log.h"
#include "sql/errors.h"

namespace jammi::sql {
namespace {

struct Extension {
  const char* name;
  const char* settings;  // run once it is loaded
  const char* query;     // its function that has a server run a text
};

// A kept session's connections are looked at when they are taken again, by no thread of their own. MySQL's
// TIMESTAMP has no zone of its own: without a setting it would come in the zone of the server.
Extension extension_of(SourceType type) {
  switch (type) {
    case SourceType::Postgres:
      return {"postgres_scanner", "SET GLOBAL pg_pool_enable_reaper_thread = false", "postgres_query"};
    case SourceType::Mysql:
      return {"mysql_scanner",
              "SET GLOBAL mysql_pool_enable_reaper_thread = false; SET GLOBAL mysql_session_time_zone = "
              "'+00:00'",
              "mysql_query"};
    case SourceType::Sqlite:
      return {"sqlite_scanner", "", ""};
    case SourceType::File:
      break;
  }
  throw Error(ErrorCode::Internal, ErrorCategory::Sql, "files have no database driver");
}

std::unique_ptr<duckdb::DuckDB> open_host() {
  duckdb::DBConfig config;
  const auto set = [&](const char* name, duckdb::Value value) {
    config.SetOptionByName(duckdb::Identifier(name), value);
  };
  set("threads", duckdb::Value::BIGINT(1));
  set("autoinstall_known_extensions", duckdb::Value::BOOLEAN(false));
  set("autoload_known_extensions", duckdb::Value::BOOLEAN(false));
  return std::make_unique<duckdb::DuckDB>(nullptr, &config);
}

void load(duckdb::Connection& host, const Extension& extension) {
  auto loaded = host.Query(std::string("LOAD ") + extension.name);
  if (loaded->HasError()) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Sql,
                std::string("DuckDB's extension ") + extension.name +
                    " cannot be loaded: " + to_error(loaded->GetErrorObject()).message());
  }
  if (*extension.settings != '\0') host.Query(extension.settings)->ThrowIfError();
}

duckdb::shared_ptr<const duckdb::TableFunction> function_of(duckdb::ClientContext& host, const char* name) {
  duckdb::shared_ptr<const duckdb::TableFunction> function;
  if (*name == '\0') return function;
  host.RunFunctionInTransaction([&] {
    auto& entry = duckdb::Catalog::GetSystemCatalog(host).GetEntry<duckdb::TableFunctionCatalogEntry>(
        host, duckdb::QualifiedName(duckdb::Identifier::SystemCatalog(), duckdb::Identifier::DefaultSchema(),
                                    duckdb::Identifier(name)));
    function = entry.functions.GetFunctionByArguments(
        host, {duckdb::LogicalType::VARCHAR, duckdb::LogicalType::VARCHAR});
  });
  return function;
}

// Scans look their settings up in the instance that runs them; LIMIT is pushed down by its optimizer.
void share_settings_and_rules(duckdb::ClientContext& host, size_t num_known_rules,
                              duckdb::DatabaseInstance& instance) {
  duckdb::DBConfig& config = duckdb::DBConfig::GetConfig(instance);
  for (auto& [name, option] : duckdb::DBConfig::GetConfig(host).GetExtensionSettings()) {
    if (config.HasExtensionOption(name)) continue;
    host.TryGetCurrentSetting(name, option.default_value);
    config.AddExtensionOption(name, std::move(option));
  }
  size_t position = 0;
  for (const auto& rule : duckdb::ExtensionCallbackManager::Get(host).OptimizerExtensions()) {
    if (position++ >= num_known_rules) duckdb::ExtensionCallbackManager::Get(instance).Register(rule);
  }
}

size_t num_rules(duckdb::ClientContext& context) {
  size_t count = 0;
  for ([[maybe_unused]] const auto& rule :
       duckdb::ExtensionCallbackManager::Get(context).OptimizerExtensions()) {
    ++count;
  }
  return count;
}

// A driver as the instance that runs statements knows it.
struct DriverInfo final : duckdb::StorageExtensionInfo {
  DriverInfo(duckdb::DuckDB& host_instance, duckdb::StorageExtension& loaded)
      : host(host_instance), extension(loaded) {}

  duckdb::DuckDB& host;
  duckdb::StorageExtension& extension;
};

// Connecting is checked against the host's settings: only there external access is allowed.
duckdb::unique_ptr<duckdb::Catalog> attach(duckdb::optional_ptr<duckdb::StorageExtensionInfo> info,
                                           duckdb::ClientContext&, duckdb::AttachedDatabase& attached,
                                           const duckdb::string& name, duckdb::AttachInfo&,
                                           duckdb::AttachOptions& options) {
  auto& driver = static_cast<DriverInfo&>(*info);
  duckdb::AttachInfo address;
  address.path = options.options.at(kAddressOption).ToString();
  options.options.erase(kAddressOption);
  duckdb::Connection host(driver.host);
  duckdb::unique_ptr<duckdb::Catalog> catalog;
  host.context->RunFunctionInTransaction([&] {
    catalog = driver.extension.attach(driver.extension.storage_info, *host.context, attached, name, address,
                                      options);
  });
  return catalog;
}

duckdb::unique_ptr<duckdb::TransactionManager> create_transactions(
    duckdb::optional_ptr<duckdb::StorageExtensionInfo> info, duckdb::AttachedDatabase& attached,
    duckdb::Catalog& catalog) {
  duckdb::StorageExtension& extension = static_cast<DriverInfo&>(*info).extension;
  return extension.create_transaction_manager(extension.storage_info, attached, catalog);
}

auto is_of(const ExternalDatabase& database) {
  return [&database](const std::unique_ptr<DatabaseSession>& session) {
    const ExternalDatabase& other = session->address();
    return std::tie(other.type, other.address, other.schema) ==
           std::tie(database.type, database.address, database.schema);
  };
}

}  // namespace

std::unique_ptr<DatabaseSession> DatabaseDrivers::open(const ExternalDatabase& database) {
  if (auto kept = take(database)) {
    try {
      if (kept->is_current()) return kept;
    } catch (const Error& error) {
      log::debug("connecting to a database again: " + error.message());
    }
    close(database);  // the others will have seen as much
  }
  return std::make_unique<DatabaseSession>(driver(database.type), instance_, database);
}

void DatabaseDrivers::keep(std::unique_ptr<DatabaseSession> session) {
  // A file is opened soon enough, and nothing would tell that another has taken its place.
  if (session->address().type == SourceType::Sqlite) return;
  std::unique_ptr<DatabaseSession> oldest;  // closed without the lock
  std::lock_guard lock(mutex_);
  kept_.push_back(std::move(session));
  if (kept_.size() <= kMaxKept) return;
  oldest = std::move(kept_.front());
  kept_.erase(kept_.begin());
}

void DatabaseDrivers::close(const ExternalDatabase& database) {
  std::vector<std::unique_ptr<DatabaseSession>> closed;  // without the lock
  std::lock_guard lock(mutex_);
  const auto found = std::ranges::stable_partition(kept_, std::not_fn(is_of(database)));
  std::ranges::move(found, std::back_inserter(closed));
  kept_.erase(found.begin(), found.end());
}

void DatabaseDrivers::close_all() {
  std::vector<std::unique_ptr<DatabaseSession>> closed;  // without the lock
  std::lock_guard lock(mutex_);
  kept_.swap(closed);
}

std::unique_ptr<DatabaseSession> DatabaseDrivers::take(const ExternalDatabase& database) {
  std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(kept_.rbegin(), kept_.rend(), is_of(database));
  if (found == kept_.rend()) return nullptr;
  std::unique_ptr<DatabaseSession> session = std::move(*found);
  kept_.erase(std::next(found).base());
  return session;
}

const DatabaseDriver& DatabaseDrivers::driver(SourceType type) {
  std::lock_guard lock(mutex_);
  if (const auto found = drivers_.find(type); found != drivers_.end()) return found->second;
  const Extension extension = extension_of(type);
  if (!host_) host_ = open_host();
  duckdb::Connection connection(*host_);
  const size_t num_known_rules = num_rules(*connection.context);
  load(connection, extension);
  share_settings_and_rules(*connection.context, num_known_rules, instance_);
  auto shared = duckdb::make_shared_ptr<duckdb::StorageExtension>();
  shared->storage_info = duckdb::make_shared_ptr<DriverInfo>(
      *host_, *duckdb::StorageExtension::Find(duckdb::DBConfig::GetConfig(*host_->instance), extension.name));
  shared->attach = attach;
  shared->create_transaction_manager = create_transactions;
  const std::string name = std::string("jammi_") + extension.name;
  duckdb::StorageExtension::Register(duckdb::DBConfig::GetConfig(instance_), name, shared);
  return drivers_
      .emplace(type, DatabaseDriver{*host_, name, function_of(*connection.context, extension.query)})
      .first->second;
}

}  // namespace jammi::sql
