#include "sql/database_session.h"

#include <filesystem>
#include <utility>

#include <duckdb/catalog/catalog.hpp>
#include <duckdb/execution/execution_context.hpp>
#include <duckdb/main/client_context.hpp>
#include <duckdb/main/config.hpp>
#include <duckdb/parallel/thread_context.hpp>
#include <duckdb/parser/tableref/table_function_ref.hpp>

#include "base/hash.h"
#include "base/log.h"
#include "sql/database_drivers.h"
#include "sql/errors.h"
#include "sql/query_state.h"
#include "sql/quoting.h"

namespace jammi::sql {
namespace {

const std::string kApplicationName = "application_name=";

// As the address was before a name was added to it.
std::string without_application_name(std::string message, const std::string& name) {
  const std::string added = kApplicationName + name;
  const size_t position = message.find(added);
  return position == std::string::npos ? message : message.erase(position - 1, added.size() + 1);
}

void run(duckdb::Connection& connection, const std::string& statement) {
  auto result = connection.Query(statement);
  if (result->HasError()) throw to_error(result->GetErrorObject());
  while (translated([&] { return result->Fetch(); })) {
  }
}

// All that decides what the extension makes of the tables, in one text; it remembers them for as long as the
// database is attached. The connection's number and that of the columns with several bits are asked for with
// it.
std::string state_query(const ExternalDatabase& database) {
  if (database.type == SourceType::Postgres) {
    return "SELECT pg_backend_pid()::text, md5(concat("
           "(SELECT string_agg(concat_ws(' ', c.oid, c.relname, c.relkind, c.relpages, a.attname, a.attnum, "
           "a.atttypid, a.atttypmod, a.attnotnull), ',' ORDER BY c.oid, a.attnum) FROM pg_class c "
           "LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
           "WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = " +
           quote_literal(database.schema) +
           ") AND c.relkind IN ('r', 'p', 'v', 'm', 'f')), "
           "(SELECT string_agg(concat_ws(' ', enumtypid, enumlabel), ',' ORDER BY oid) FROM pg_enum))), '0'";
  }
  return "SELECT CAST(CONNECTION_ID() AS CHAR), CONCAT_WS(' ', COUNT(*), BIT_XOR(CAST(CONV(LEFT(MD5("
         "CONCAT_WS(' ', table_name, ordinal_position, column_name, column_type, is_nullable)), 16), 16, 10) "
         "AS UNSIGNED))), CAST(COUNT(IF(data_type = 'bit' AND column_type <> 'bit(1)', 1, NULL)) AS CHAR) "
         "FROM information_schema.columns WHERE table_schema = DATABASE()";
}

}  // namespace

DatabaseSession::DatabaseSession(const DatabaseDriver& driver, duckdb::DatabaseInstance& instance,
                                 ExternalDatabase address)
    : driver_(driver),
      instance_(instance),
      address_(std::move(address)),
      name_("jammi-" + base::random_uuid()) {
  if (address_.type == SourceType::Sqlite) {
    if (!std::filesystem::is_regular_file(address_.address)) {
      throw Error(ErrorCode::NotFound, ErrorCategory::Sql, "no such file: " + address_.address);
    }
    duckdb::DBConfig::GetConfig(instance_).AddAllowedPath(address_.address);
  }
  std::string url = address_.address;
  std::string options = "TYPE " + driver_.type + ", READ_ONLY, HIDDEN true";
  if (address_.type == SourceType::Postgres) {
    url += (url.contains('?') ? "&" : "?") + kApplicationName + name_;
    options += ", SCHEMA " + quote_literal(address_.schema);
  }
  options += std::string(", ") + kAddressOption + " " + quote_literal(url);
  const auto connection = connect(instance_, catalog::TenantScope::everything());
  try {
    run(*connection, "ATTACH '' AS " + quote_identifier(name_) + " (" + options + ")");
  } catch (const Error& error) {
    throw Error(error.code(), error.category(), without_application_name(error.message(), name_));
  }
  connection->context->RunFunctionInTransaction([&] {
    const duckdb::Identifier identifier(name_);
    database_ =
        duckdb::Catalog::GetCatalog(*connection->context, identifier).GetAttached().shared_from_this();
  });
  state_ = ask_state();
}

DatabaseSession::~DatabaseSession() {
  database_.reset();
  auto detached =
      connect(instance_, catalog::TenantScope::everything())->Query("DETACH " + quote_identifier(name_));
  if (detached->HasError())
    log::warn("a database was not closed: " + to_error(detached->GetErrorObject()).message());
}

bool DatabaseSession::is_current() {
  State now = ask_state();
  state_.connection = std::move(now.connection);
  return now.tables == state_.tables;
}

// Calls the driver's function as a statement would that could name it. The connection goes back to the
// database's pool, from where the statement takes it: MySQL's scans of a statement share one.
DatabaseSession::State DatabaseSession::ask_state() {
  State state;
  if (address_.type == SourceType::Sqlite) return state;
  const auto connection = connect(instance_, catalog::TenantScope::everything());
  duckdb::ClientContext& context = *connection->context;
  translated([&] {
    context.RunFunctionInTransaction([&] {
      duckdb::vector<duckdb::Value> arguments{duckdb::Value(name_), duckdb::Value(state_query(address_))};
      duckdb::named_argument_map_t options;
      duckdb::vector<duckdb::LogicalType> types, no_types;
      duckdb::vector<duckdb::Identifier> names, no_names;
      duckdb::TableFunctionRef call;
      duckdb::BoundTableFunction bound(driver_.query);
      duckdb::TableFunctionBindInput input(arguments, options, no_types, no_names,
                                           driver_.query->function_info.get(), nullptr, bound, call);
      const auto data = driver_.query->bind(context, input, types, names);
      duckdb::TableFunctionInitInput init(data.get(), duckdb::vector<duckdb::column_t>{0, 1, 2}, {}, nullptr);
      const auto global = driver_.query->init_global(context, init);
      duckdb::ThreadContext thread(context);
      duckdb::ExecutionContext execution(context, thread, nullptr);
      const auto local = driver_.query->init_local(execution, init, global.get());
      duckdb::DataChunk row;
      row.Initialize(context, types);
      duckdb::TableFunctionInput scan(data.get(), local.get(), global.get());
      driver_.query->function(context, scan, row);
      state = {.connection = row.GetValue(0, 0).ToString(),
               .tables = row.GetValue(1, 0).ToString(),
               .has_bits = row.GetValue(2, 0).ToString() != "0"};
    });
  });
  return state;
}

void DatabaseSession::cancel() {
  if (address_.type == SourceType::Sqlite) return;
  const std::string name = quote_literal(name_);
  const std::string attach = "ATTACH " + quote_literal(address_.address) + " AS " + quote_identifier(name_);
  const bool is_postgres = address_.type == SourceType::Postgres;
  const std::string request =
      is_postgres ? "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = " + name
                  : "KILL " + state_.connection;
  try {
    duckdb::Connection host(driver_.host);
    run(host, attach + (is_postgres ? " (TYPE postgres, READ_ONLY)" : " (TYPE mysql)"));
    run(host, (is_postgres ? "FROM postgres_query(" : "FROM mysql_execute(") + name + ", " +
                  quote_literal(request) + ")");
    run(host, "DETACH " + quote_identifier(name_));
  } catch (const Error& error) {
    log::warn("a server could not be asked to cancel: " + error.message());
  }
}

}  // namespace jammi::sql
