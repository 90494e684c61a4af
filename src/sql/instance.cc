#include "sql/instance.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <duckdb/catalog/catalog.hpp>
#include <duckdb/catalog/catalog_entry/duck_schema_entry.hpp>
#include <duckdb/common/vector_operations/unary_executor.hpp>
#include <duckdb/function/scalar_function.hpp>
#include <duckdb/main/client_context.hpp>
#include <duckdb/main/config.hpp>
#include <duckdb/main/database.hpp>
#include <duckdb/main/extension/extension_loader.hpp>
#include <duckdb/parser/parsed_data/drop_info.hpp>

namespace jammi::sql {
namespace {

// Table functions that stay: pure ones, and those that information_schema, DESCRIBE and SHOW are made of.
constexpr std::array<std::string_view, 19> kKeptTableFunctions{"duckdb_columns",
                                                               "duckdb_constraints",
                                                               "duckdb_databases",
                                                               "duckdb_functions",
                                                               "duckdb_indexes",
                                                               "duckdb_keywords",
                                                               "duckdb_schemas",
                                                               "duckdb_sequences",
                                                               "duckdb_tables",
                                                               "duckdb_triggers",
                                                               "duckdb_types",
                                                               "duckdb_views",
                                                               "generate_series",
                                                               "json_each",
                                                               "json_tree",
                                                               "range",
                                                               "repeat",
                                                               "repeat_row",
                                                               "unnest"};

constexpr std::array<std::string_view, 3> kRemovedScalarFunctions{"current_setting", "sleep_ms", "write_log"};

template <size_t N>
bool is_among(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::string_view candidate : names) {
    if (candidate == name) return true;
  }
  return false;
}

void drop(duckdb::ClientContext& context, duckdb::CatalogType type, const std::string& name) {
  duckdb::DropInfo info;
  info.type = type;
  info.SetQualifiedName(duckdb::Identifier::SystemCatalog(), duckdb::Identifier::DefaultSchema(),
                        duckdb::Identifier(name));
  info.allow_drop_internal = true;
  duckdb::Catalog::GetSystemCatalog(context).DropEntry(context, info);
}

struct NamedFunction {
  duckdb::CatalogType type;
  std::string name;
};

// Table functions and the table macros made so far: DuckDB keeps them in one list.
std::vector<NamedFunction> table_functions(duckdb::ClientContext& context, duckdb::DuckSchemaEntry& schema) {
  std::vector<NamedFunction> functions;
  schema.Scan(context, duckdb::CatalogType::TABLE_FUNCTION_ENTRY, [&](duckdb::CatalogEntry& entry) {
    functions.push_back({entry.type, entry.name.GetIdentifierName()});
  });
  return functions;
}

}  // namespace

std::unique_ptr<duckdb::DuckDB> open_instance(const EngineOptions& options) {
  duckdb::DBConfig config;
  auto set = [&](const char* name, duckdb::Value value) {
    config.SetOptionByName(duckdb::Identifier(name), value);
  };
  set("threads", duckdb::Value::BIGINT(static_cast<int64_t>(options.threads)));
  // For reads from remote storage, which come through our own file systems instead.
  set("async_threads", duckdb::Value::BIGINT(1));
  if (options.memory_limit_bytes > 0) {
    set("memory_limit", duckdb::Value(std::to_string(options.memory_limit_bytes) + "B"));
  }
  set("temp_directory", duckdb::Value(options.temp_directory.string()));
  set("autoinstall_known_extensions", duckdb::Value::BOOLEAN(false));
  set("autoload_known_extensions", duckdb::Value::BOOLEAN(false));
  set("enable_external_access", duckdb::Value::BOOLEAN(false));
  // 7 / 2 is 3, and nulls sort as the largest value, as in PostgreSQL and DataFusion.
  set("integer_division", duckdb::Value::BOOLEAN(true));
  set("default_null_order", duckdb::Value("nulls_last_on_asc_first_on_desc"));
  config.replacement_scans = duckdb::ReplacementScanList();
  auto instance = std::make_unique<duckdb::DuckDB>(nullptr, &config);
  duckdb::DBConfig::GetConfig(*instance->instance).AddAllowedDirectory(options.temp_directory.string());
  return instance;
}

void remove_capabilities(duckdb::Connection& connection) {
  duckdb::ClientContext& context = *connection.context;
  duckdb::DBConfig::GetConfig(context).replacement_scans = duckdb::ReplacementScanList();
  context.RunFunctionInTransaction([&] {
    auto& schema = duckdb::Catalog::GetSchema(context, duckdb::Identifier::SystemCatalog(),
                                              duckdb::Identifier::DefaultSchema())
                       .Cast<duckdb::DuckSchemaEntry>();
    // Built-in table macros are made from SQL text when they are first listed or called. None is kept, and
    // making them only to drop them costs a third of the time to open an instance.
    schema.GetCatalogSet(duckdb::CatalogType::TABLE_FUNCTION_ENTRY).SetDefaultGenerator(nullptr);
    for (const auto& [type, name] : table_functions(context, schema)) {
      if (!is_among(kKeptTableFunctions, name)) drop(context, type, name);
    }
    for (std::string_view name : kRemovedScalarFunctions) {
      drop(context, duckdb::CatalogType::SCALAR_FUNCTION_ENTRY, std::string(name));
    }
  });
}

void add_functions(duckdb::DatabaseInstance& database) {
  duckdb::ScalarFunction timestamp_micros(
      duckdb::Identifier("timestamp_micros"), {duckdb::LogicalType::BIGINT}, duckdb::LogicalType::TIMESTAMP,
      [](duckdb::DataChunk& arguments, duckdb::ExpressionState&, duckdb::Vector& result) {
        duckdb::UnaryExecutor::Execute<int64_t, duckdb::timestamp_t>(
            arguments.data[0], result, arguments.size(),
            [](int64_t micros) { return duckdb::timestamp_t(micros); });
      });
  duckdb::ExtensionLoader loader(database, "jammi");
  loader.RegisterFunction(timestamp_micros);
}

void lock_configuration(duckdb::Connection& connection) {
  auto result = connection.Query("SET lock_configuration = true");
  result->ThrowIfError();
}

}  // namespace jammi::sql
