#include "sql/database_drivers.h"

#include <filesystem>
#include <string>

#include <duckdb/catalog/catalog.hpp>
#include <duckdb/main/client_context.hpp>
#include <duckdb/main/config.hpp>
#include <duckdb/main/extension_callback_manager.hpp>
#include <duckdb/optimizer/optimizer_extension.hpp>
#include <duckdb/parser/parsed_data/attach_info.hpp>
#include <duckdb/storage/storage_extension.hpp>
#include <duckdb/transaction/transaction_manager.hpp>

#include "base/hash.h"
#include "base/log.h"
#include "sql/errors.h"
#include "sql/query_state.h"
#include "sql/quoting.h"

namespace jammi::sql {
namespace {

struct Driver {
  const char* extension;
  const char* settings;  // run once it is loaded
};

// A pool of connections lives for one statement, so nothing has to look for idle ones. MySQL's TIMESTAMP has
// no zone of its own: without a setting it would come in the zone of the server.
Driver driver_of(SourceType type) {
  switch (type) {
    case SourceType::Postgres:
      return {"postgres_scanner", "SET GLOBAL pg_pool_enable_reaper_thread = false"};
    case SourceType::Mysql:
      return {"mysql_scanner",
              "SET GLOBAL mysql_pool_enable_reaper_thread = false; SET GLOBAL mysql_session_time_zone = "
              "'+00:00'"};
    case SourceType::Sqlite:
      return {"sqlite_scanner", ""};
    case SourceType::File:
      break;
  }
  throw Error(ErrorCode::Internal, ErrorCategory::Sql, "files have no database driver");
}

const std::string kApplicationName = "application_name=";
constexpr const char* kAddressOption = "jammi_address";

// As the address was before a name was added to it.
std::string without_application_name(std::string message, const std::string& name) {
  const std::string added = kApplicationName + name;
  const size_t position = message.find(added);
  return position == std::string::npos ? message : message.erase(position - 1, added.size() + 1);
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

void load(duckdb::Connection& host, const Driver& driver) {
  auto loaded = host.Query(std::string("LOAD ") + driver.extension);
  if (loaded->HasError()) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Sql,
                std::string("DuckDB's extension ") + driver.extension +
                    " cannot be loaded: " + to_error(loaded->GetErrorObject()).message());
  }
  if (*driver.settings != '\0') host.Query(driver.settings)->ThrowIfError();
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

}  // namespace

std::string DatabaseDrivers::driver(SourceType type) {
  const Driver wanted = driver_of(type);
  const std::string name = std::string("jammi_") + wanted.extension;
  duckdb::DBConfig& config = duckdb::DBConfig::GetConfig(instance_);
  std::lock_guard lock(mutex_);
  if (duckdb::StorageExtension::Find(config, name)) return name;
  if (!host_) host_ = open_host();
  duckdb::Connection connection(*host_);
  const size_t num_known_rules = num_rules(*connection.context);
  load(connection, wanted);
  share_settings_and_rules(*connection.context, num_known_rules, instance_);
  auto shared = duckdb::make_shared_ptr<duckdb::StorageExtension>();
  shared->storage_info = duckdb::make_shared_ptr<DriverInfo>(
      *host_,
      *duckdb::StorageExtension::Find(duckdb::DBConfig::GetConfig(*host_->instance), wanted.extension));
  shared->attach = attach;
  shared->create_transaction_manager = create_transactions;
  duckdb::StorageExtension::Register(config, name, shared);
  return name;
}

DatabaseDrivers::Attached DatabaseDrivers::open(const ExternalDatabase& database) {
  if (database.type == SourceType::Sqlite) {
    if (!std::filesystem::is_regular_file(database.address)) {
      throw Error(ErrorCode::NotFound, ErrorCategory::Sql, "no such file: " + database.address);
    }
    duckdb::DBConfig::GetConfig(instance_).AddAllowedPath(database.address);
  }
  const std::string type = driver(database.type);
  Attached attached{.name = "jammi-" + base::random_uuid(), .database = nullptr};
  std::string address = database.address;
  std::string options = "TYPE " + type + ", READ_ONLY, HIDDEN true";
  if (database.type == SourceType::Postgres) {
    address += (address.contains('?') ? "&" : "?") + kApplicationName + attached.name;
    options += ", SCHEMA " + quote_literal(database.schema);
  }
  options += std::string(", ") + kAddressOption + " " + quote_literal(address);
  const auto connection = connect(instance_, catalog::TenantScope::everything());
  const std::string name = quote_identifier(attached.name);
  auto result = connection->Query("ATTACH '' AS " + name + " (" + options + ")");
  if (result->HasError()) {
    const Error error = to_error(result->GetErrorObject());
    throw Error(error.code(), error.category(), without_application_name(error.message(), attached.name));
  }
  connection->context->RunFunctionInTransaction([&] {
    const duckdb::Identifier identifier(attached.name);
    attached.database =
        duckdb::Catalog::GetCatalog(*connection->context, identifier).GetAttached().shared_from_this();
  });
  return attached;
}

void DatabaseDrivers::close(const Attached& attached) {
  auto detached = connect(instance_, catalog::TenantScope::everything())
                      ->Query("DETACH " + quote_identifier(attached.name));
  if (detached->HasError())
    log::warn("a database was not closed: " + to_error(detached->GetErrorObject()).message());
}

void DatabaseDrivers::cancel(const ExternalDatabase& database, const std::string& name) {
  if (database.type != SourceType::Postgres) return;
  duckdb::Connection host(*host_);
  const std::string statement =
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = " + quote_literal(name);
  for (const std::string& step :
       {"ATTACH " + quote_literal(database.address) + " AS " + quote_identifier(name) +
            " (TYPE postgres, READ_ONLY)",
        "SELECT * FROM postgres_query(" + quote_literal(name) + ", " + quote_literal(statement) + ")",
        "DETACH " + quote_identifier(name)}) {
    auto result = host.Query(step);
    if (!result->HasError()) continue;
    log::warn("a server could not be asked to cancel: " + to_error(result->GetErrorObject()).message());
    return;
  }
}

}  // namespace jammi::sql
