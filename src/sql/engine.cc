#include "sql/engine.h"

#include <array>
#include <string_view>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <duckdb.hpp>
#include <duckdb/catalog/catalog_search_path.hpp>
#include <duckdb/main/client_context.hpp>
#include <duckdb/main/client_data.hpp>

#include "base/hash.h"
#include "base/names.h"
#include "sql/arrow_scan.h"
#include "sql/arrow_status.h"
#include "sql/batching_rule.h"
#include "sql/database_drivers.h"
#include "sql/errors.h"
#include "sql/external_tables.h"
#include "sql/file_scan.h"
#include "sql/instance.h"
#include "sql/mutable_catalog.h"
#include "sql/point_execution.h"
#include "sql/point_statement.h"
#include "sql/query_state.h"
#include "sql/read_only_catalog.h"
#include "sql/result_reader.h"
#include "sql/script.h"
#include "sql/statement.h"
#include "sql/table_directories.h"
#include "sql/table_function.h"
#include "sql/tenant_rule.h"
#include "sql/vector_aggregates.h"
#include "sql/vector_function.h"

namespace jammi::sql {
using catalog::TenantScope;

namespace {

// What DuckDB calls the catalog it starts with.
constexpr const char* kBuiltInCatalog = "memory";

// A row group as DuckDB writes Parquet: what one thread scans at a time.
constexpr uint64_t kTableBatchRows = 122'880;

// Names that mean something else where a catalog is expected.
constexpr std::array<std::string_view, 10> kReservedIds{
    kDefaultCatalog,      kBuiltInCatalog, kResultSchema, kDefaultSchema, kMutableCatalog,
    "information_schema", "pg_catalog",    "system",      "temp",         "main"};

}  // namespace

struct Engine::State {
  State(const EngineOptions& options, std::shared_ptr<MutableStore> store)
      : batch_size(options.batch_size),
        mutable_tables(std::move(store)),
        database(open_instance(options)),
        catalogs(*database->instance),
        drivers(std::make_shared<DatabaseDrivers>(*database->instance)) {}

  ~State() { drivers->close_all(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::unique_ptr<duckdb::Connection> connect(const TenantScope& scope) {
    auto connection = sql::connect(*database->instance, scope);
    duckdb::ClientData::Get(*connection->context)
        .catalog_search_path->Set(duckdb::CatalogSearchEntry(kDefaultCatalog, kDefaultSchema),
                                  duckdb::CatalogSetPathType::SET_DIRECTLY);
    return connection;
  }

  std::shared_ptr<arrow::RecordBatchReader> submit(const std::string& statement, const Relations& relations,
                                                   uint64_t batch_rows, std::stop_token stop,
                                                   const TenantScope& scope) {
    auto connection = connect(scope);
    auto parsed = parse_statement(*connection, statement);
    add_relations(*connection->context, arrow_scan, relations);
    return stream(std::move(connection), std::move(parsed), batch_rows, std::move(stop));
  }

  /// The same for a text that may change mutable tables instead.
  std::shared_ptr<arrow::RecordBatchReader> submit_script(const std::string& text, uint64_t batch_rows,
                                                          std::stop_token stop, const TenantScope& scope) {
    std::shared_ptr<duckdb::Connection> connection = connect(scope);
    auto statements = parse_statements(*connection, text);
    if (changed_table(*statements.front()).empty()) {
      return stream(std::move(connection), std::move(statements.front()), batch_rows, std::move(stop));
    }
    translated([&] { connection->BeginTransaction(); });
    auto result = run_statements(connection, std::move(statements), store(), kTableBatchRows, stop);
    commit(*connection);
    return std::make_shared<arrow::TableBatchReader>(std::move(result));
  }

  MutableStore& store() {
    if (mutable_tables) return *mutable_tables;
    throw Error(ErrorCode::Unsupported, ErrorCategory::Sql, "this engine has no mutable tables");
  }

  uint64_t batch_size;
  std::shared_ptr<MutableStore> mutable_tables;  // may be null
  std::unique_ptr<duckdb::DuckDB> database;
  CatalogAttacher catalogs;
  std::shared_ptr<DatabaseDrivers> drivers;
  std::shared_ptr<const FileReaders> readers;
  duckdb::TableFunction arrow_scan;
  std::mutex mutex;  // guards sources
  duckdb::identifier_map_t<Source> sources;
};

Engine::Engine(const EngineOptions& options, CatalogContent content,
               std::shared_ptr<MutableStore> mutable_tables) {
  translated([&] {
    state_ = std::make_unique<State>(options, std::move(mutable_tables));
    const auto connection = connect(*state_->database->instance, TenantScope::everything());
    duckdb::Connection& setup = *connection;
    setup.context->RunFunctionInTransaction([&] {
      state_->readers = std::make_shared<FileReaders>(*setup.context);
      state_->arrow_scan = capture_arrow_scan(*setup.context);
    });
    add_functions(*state_->database->instance);
    register_vector_aggregates(*state_->database->instance);
    register_batching_rule(*state_->database->instance);
    register_tenant_rule(*state_->database->instance);
    remove_capabilities(setup);
    state_->catalogs.attach(setup, kDefaultCatalog,
                            default_schemas(state_->readers, state_->arrow_scan, std::move(content)),
                            /*owner=*/std::nullopt);
    setup.Query(std::string("USE ") + kDefaultCatalog)->ThrowIfError();
    state_->catalogs.detach(setup, kBuiltInCatalog);
    if (state_->mutable_tables) attach_mutable_catalog(setup, state_->mutable_tables);
    lock_configuration(setup);
  });
}

Engine::~Engine() = default;

void Engine::add_function(TableFunction function) {
  translated(
      [&] { register_table_function(*state_->database->instance, state_->arrow_scan, std::move(function)); });
}

void Engine::add_function(VectorFunction function) {
  translated([&] { register_vector_function(*state_->database->instance, std::move(function)); });
}

void Engine::require_free_name(const std::string& id) {
  if (!base::follows_name_rule(id)) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql,
                "a source id must be " + std::string(base::kNameRule) + ": " + id);
  }
  for (std::string_view reserved : kReservedIds) {
    if (duckdb::Identifier(id) == std::string(reserved)) {
      throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql, "this source id is reserved: " + id);
    }
  }
}

void Engine::add_source(const std::string& id, std::vector<FileTable> tables, SourceTenancy tenancy) {
  add(id, std::move(tables), std::move(tenancy));
}

void Engine::add_source(const std::string& id, ExternalDatabase database, SourceTenancy tenancy) {
  add(id, std::move(database), std::move(tenancy));
}

void Engine::add(const std::string& id, Source source, SourceTenancy tenancy) {
  require_free_name(id);
  std::lock_guard lock(state_->mutex);
  if (state_->sources.contains(duckdb::Identifier(id))) {
    throw Error(ErrorCode::AlreadyExists, ErrorCategory::Sql, "this source is already known: " + id);
  }
  const auto* database = std::get_if<ExternalDatabase>(&source);
  translated([&] {
    SchemaDirectories schemas =
        database ? external_schemas(state_->drivers, id, *database, tenancy.tenant_column)
                 : source_schemas(state_->readers, std::get<std::vector<FileTable>>(source),
                                  tenancy.tenant_column);
    state_->catalogs.attach(*state_->connect(TenantScope::everything()), id, std::move(schemas),
                            std::move(tenancy.owner));
  });
  state_->sources.emplace(duckdb::Identifier(id), std::move(source));
}

void Engine::remove_source(const std::string& id) {
  std::lock_guard lock(state_->mutex);
  if (state_->sources.erase(duckdb::Identifier(id)) == 0) {
    throw Error(ErrorCode::NotFound, ErrorCategory::Sql, "no such source: " + id);
  }
  translated([&] { state_->catalogs.detach(*state_->connect(TenantScope::everything()), id); });
}

bool Engine::has_source(const std::string& id) const {
  std::lock_guard lock(state_->mutex);
  return state_->sources.contains(duckdb::Identifier(id));
}

Engine::Source Engine::source_of(const std::string& id) const {
  std::lock_guard lock(state_->mutex);
  auto found = state_->sources.find(duckdb::Identifier(id));
  if (found != state_->sources.end()) return found->second;
  throw Error(ErrorCode::NotFound, ErrorCategory::Sql, "no such source: " + id);
}

std::vector<TableDescription> Engine::describe_source(const std::string& id) const {
  return std::visit([&](const auto& tables) { return describe_tables(tables); }, source_of(id));
}

std::string Engine::source_fingerprint(const std::string& id) const {
  const Source source = source_of(id);
  const auto* tables = std::get_if<std::vector<FileTable>>(&source);
  if (tables == nullptr) return "";
  base::Sha256 hash;
  for (const FileTable& table : *tables) {
    for (const FileStamp& file : list_files(table)) {
      hash.update(file.path + '\n' + std::to_string(file.size_bytes) + '\n' +
                  std::to_string(file.modified_ns) + '\n');
    }
  }
  return hash.finish();
}

std::vector<TableDescription> Engine::describe_tables(const std::vector<FileTable>& tables) const {
  std::vector<TableDescription> descriptions;
  auto connection = state_->connect(TenantScope::everything());
  translated([&] {
    connection->context->RunFunctionInTransaction([&] {
      for (const FileTable& table : tables) {
        BoundScan scan = state_->readers->bind(*connection->context, table.format, list_files(table));
        TableDescription& description = descriptions.emplace_back(table.name);
        for (size_t i = 0; i < scan.names.size(); ++i) {
          description.columns.push_back({scan.names[i].GetIdentifierName(), scan.types[i].ToString()});
        }
      }
    });
  });
  return descriptions;
}

std::vector<TableDescription> Engine::describe_tables(const ExternalDatabase& database) const {
  auto connection = state_->connect(TenantScope::everything());
  return translated([&] { return describe_external(*connection, *state_->drivers, database); });
}

std::shared_ptr<arrow::RecordBatchReader> Engine::query(const std::string& statement, std::stop_token stop,
                                                        const TenantScope& scope) {
  return state_->submit_script(statement, state_->batch_size, std::move(stop), scope);
}

std::shared_ptr<arrow::Table> Engine::point_query(const std::string& text, const TenantScope& scope) {
  const std::optional<PointStatement> statement = parse_point_statement(text);
  if (!statement || !state_->mutable_tables) return nullptr;
  if (auto row = run_point_statement_at_once(*statement, *state_->mutable_tables, scope)) return row;
  const bool reads = statement->verb == PointStatement::Verb::Select;
  const auto transaction =
      state_->mutable_tables->begin(reads ? MutableStore::Access::Read : MutableStore::Access::Write, scope);
  std::shared_ptr<arrow::Table> result = run_point_statement(*statement, *transaction);
  if (result && !reads) transaction->commit();
  return result;
}

std::shared_ptr<arrow::RecordBatchReader> Engine::query_with_relations(const std::string& statement,
                                                                       const Relations& relations,
                                                                       std::stop_token stop,
                                                                       const TenantScope& scope) {
  return state_->submit(statement, relations, state_->batch_size, std::move(stop), scope);
}

std::shared_ptr<arrow::Table> Engine::query_table(const std::string& statement, const Relations& relations,
                                                  std::stop_token stop, const TenantScope& scope) {
  const auto reader = relations.empty()
                          ? state_->submit_script(statement, kTableBatchRows, std::move(stop), scope)
                          : state_->submit(statement, relations, kTableBatchRows, std::move(stop), scope);
  return value_or_throw(reader->ToTable());
}

std::unique_ptr<Transaction> Engine::begin(const TenantScope& scope) {
  return std::make_unique<Transaction>(state_->connect(scope), state_->store(), kTableBatchRows);
}

bool Engine::is_repeatable(const std::string& statement, const TenantScope& scope) const {
  auto connection = state_->connect(scope);
  return is_repeatable_statement(*connection, parse_statement(*connection, statement));
}

std::string Engine::parse_expression(const std::string& text) const {
  return parse_expression_text(*state_->connect({}), text);
}

}  // namespace jammi::sql
