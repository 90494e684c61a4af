#include <algorithm>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <utility>

#include <arrow/api.h>

#include <jammi/database.h>
#include <jammi/error.h>

#include "base/log.h"
#include "base/physical_memory.h"
#include "base/url_password.h"
#include "catalog/catalog.h"
#include "db/catalog_views.h"
#include "db/configured_sources.h"
#include "db/database_url.h"
#include "db/key_filter.h"
#include "db/open.h"
#include "db/source_location.h"
#include "db/source_registry.h"
#include "db/tenant_column.h"
#include "db/transaction_state.h"
#include "index/sidecar_writer.h"
#include "io/local_file_system.h"
#include "sql/arrow_status.h"
#include "sql/engine.h"
#include "sql/quoting.h"
#include "storage/result_store.h"
#include "table/store.h"

namespace jammi {
namespace {

namespace fs = std::filesystem;
using catalog::TenantScope;

std::shared_ptr<catalog::Catalog> open_catalog(const Config& config) {
  catalog::CatalogOptions options{.pool_size = config.catalog.pool_size};
  if (config.catalog.kind == Config::CatalogKind::Sqlite) {
    return catalog::Catalog::open(config.catalog.path.value_or(config.artifact_dir / "catalog.db"), options);
  }
  options.max_lifetime = config.catalog.max_lifetime_secs.transform(
      [](uint64_t seconds) { return std::chrono::seconds(seconds); });
  return catalog::Catalog::connect(config.catalog.url, options);
}

sql::EngineOptions engine_options(const Config& config) {
  return {.threads = std::max<uint64_t>(config.engine.execution_threads, 1),
          .memory_limit_bytes = parse_byte_size(config.engine.memory_limit, base::physical_memory_bytes(),
                                                "engine.memory_limit"),
          .temp_directory = config.artifact_dir / "tmp",
          .batch_size = config.engine.batch_size};
}

Config with_absolute_directory(Config config) {
  config.artifact_dir = fs::absolute(config.artifact_dir);
  return config;
}

void warn_about_missing_files(const std::vector<SourceRecord>& sources) {
  for (const SourceRecord& source : sources) {
    if (source.type != SourceType::File || !source.connection.url) continue;
    if (source.connection.url->find_first_of("*?[") != std::string::npos) continue;
    std::error_code ignored;  // whatever hides the file, the statement that reads it reports
    if (!fs::exists(*source.connection.url, ignored)) {
      log::warn("the file of source " + source.id + " is missing: " + *source.connection.url);
    }
  }
}

// Re-labels what the SQL layer found wrong with a source's files.
template <typename Call>
auto about_source(const std::string& id, Call&& call) {
  try {
    return call();
  } catch (const Error& error) {
    if (error.category() == ErrorCategory::Source) throw;
    throw source_error(error.code(), id, error.message());
  }
}

void require_owned(const SourceRecord& source, const TenantScope& scope) {
  if (source.tenant_id == scope.tenant_id()) return;
  throw Error(ErrorCode::InvalidArgument, ErrorCategory::Tenant,
              "a source of all tenants is changed or removed without a tenant: " + source.id);
}

void require_no_results(catalog::Catalog& catalog, const std::string& source) {
  for (const ResultTableRecord& table : catalog.result_tables().list(TenantScope::everything())) {
    if (table.source_id != source || table.status == ResultTableStatus::Failed) continue;
    throw source_error(ErrorCode::Conflict, source,
                       "its embeddings hold rows of all tenants; remove the source, which deletes them, add "
                       "it again, declare the tenant column and then embed");
  }
}

}  // namespace

using catalog::TenantScope;

void throw_if_error(const arrow::Status& status) {
  sql::throw_if_error(status);
}

/// For whom a Database works.
class Database::Binding {
 public:
  explicit Binding(TenantScope scope) : scope_(std::move(scope)) {}

  TenantScope scope() const {
    std::lock_guard lock(mutex_);
    return scope_;
  }

  void set(TenantScope scope) {
    std::lock_guard lock(mutex_);
    scope_ = std::move(scope);
  }

 private:
  mutable std::mutex mutex_;  // guards scope_
  TenantScope scope_;
};

struct Database::State {
  State(const Config& given, std::shared_ptr<io::FileSystem> files)
      : config(with_absolute_directory(given)),
        catalog(open_catalog(config)),
        results(std::move(files), (config.artifact_dir / "jammi_db").string(), catalog),
        mutable_tables(std::make_shared<table::Store>(catalog)),
        engine(engine_options(config), db::catalog_content(catalog), mutable_tables),
        sources(catalog, engine) {}

  std::vector<TableDescription> describe(const std::string& id, const TenantScope& scope) {
    sources.get(id, scope);
    return about_source(id, [&] { return engine.describe_source(id); });
  }

  TableDescription describe(const std::string& id, const std::string& table, const TenantScope& scope) {
    std::vector<TableDescription> tables = describe(id, scope);
    for (TableDescription& description : tables) {
      if (table.empty() || description.name == table) return std::move(description);
    }
    throw source_error(ErrorCode::NotFound, id, "Table not found: " + table);
  }

  std::shared_ptr<arrow::RecordBatchReader> query(const std::string& text, std::stop_token stop,
                                                  const TenantScope& scope) {
    if (auto row = engine.point_query(text, scope)) return std::make_shared<arrow::TableBatchReader>(row);
    sources.refresh();
    return engine.query(text, std::move(stop), scope);
  }

  Config config;
  std::shared_ptr<catalog::Catalog> catalog;
  storage::ResultStore results;
  std::shared_ptr<table::Store> mutable_tables;
  sql::Engine engine;
  db::SourceRegistry sources;
};

Database::Database(std::shared_ptr<State> state, const TenantScope& scope)
    : state_(std::move(state)), binding_(std::make_unique<Binding>(scope)) {}
Database::~Database() = default;

std::unique_ptr<Database> Database::open(const Config& config) {
  return db::open_database(config, io::local_file_system());
}

std::unique_ptr<Database> db::open_database(const Config& config, std::shared_ptr<io::FileSystem> files) {
  auto state = std::make_shared<Database::State>(config, std::move(files));
  storage::ResultStore& results = state->results;
  results.recover([&results](const ResultTableRecord& table) { index::rebuild_sidecars(results, table); });
  state->sources.refresh();
  warn_about_missing_files(state->catalog->sources().list(TenantScope::everything()));
  std::unique_ptr<Database> database(new Database(std::move(state), TenantScope()));
  add_configured_sources(*database, config.sources);
  return database;
}

std::unique_ptr<Database> Database::with_tenant(const TenantId& tenant) const {
  return within(TenantScope::of(tenant.text()));
}

std::unique_ptr<Database> Database::within(const TenantScope& scope) const {
  return std::unique_ptr<Database>(new Database(state_, scope));
}

void Database::bind_tenant(const TenantId& tenant) {
  binding_->set(TenantScope::of(tenant.text()));
}

void Database::unbind_tenant() {
  binding_->set(TenantScope());
}

std::optional<TenantId> Database::tenant() const {
  const TenantScope bound = scope();
  if (!bound.tenant_id()) return std::nullopt;
  return TenantId::parse(*bound.tenant_id());
}

TenantScope Database::scope() const {
  return binding_->scope();
}

void Database::add_source(const std::string& id, SourceType type, SourceConnection connection) {
  const TenantScope owner = scope();
  state_->sources.refresh();
  if (state_->engine.has_source(id) || state_->catalog->sources().find(id, TenantScope::everything())) {
    throw source_error(ErrorCode::AlreadyExists, id, "Source already registered");
  }
  const std::vector<TableDescription> tables = about_source(id, [&] {
    state_->engine.require_free_name(id);
    if (type != SourceType::File) {
      return state_->engine.describe_tables(db::external_database(id, type, connection));
    }
    sql::FileTable table = db::file_table(id, connection);
    connection.url = table.location;
    return state_->engine.describe_tables({std::move(table)});
  });
  if (const auto column = db::tenant_column(connection)) db::require_tenant_column(id, tables, *column);
  state_->catalog->sources().add(id, type, connection, owner);
  state_->sources.refresh();
}

void Database::remove_source(const std::string& id) {
  const TenantScope remover = scope();
  require_owned(state_->catalog->sources().get(id, remover), remover);
  state_->results.remove_tables_of(id);
  state_->catalog->sources().remove(id, remover);
  state_->sources.refresh();
}

void Database::set_source_tenant_column(const std::string& id, const std::optional<std::string>& column) {
  const TenantScope caller = scope();
  const std::vector<TableDescription> tables = state_->describe(id, caller);
  const SourceRecord source = state_->sources.get(id, caller);
  const std::optional<std::string> declared = db::tenant_column(source.connection);
  if (column == declared) return;
  if (declared || !column) require_owned(source, caller);
  if (column) {
    db::require_tenant_column(id, tables, *column);
    require_no_results(*state_->catalog, id);
  }
  state_->catalog->sources().set_option(id, db::kTenantColumnOption, column, caller);
  state_->sources.refresh();
}

std::optional<std::string> Database::source_tenant_column(const std::string& id) const {
  return db::tenant_column(state_->sources.get(id, scope()).connection);
}

std::vector<SourceRecord> Database::list_sources() const {
  std::vector<SourceRecord> sources = state_->catalog->sources().list(scope());
  for (SourceRecord& source : sources) {
    if (source.connection.url) source.connection.url = base::hide_passwords(*source.connection.url);
  }
  return sources;
}

std::vector<TableDescription> Database::describe_source(const std::string& id) const {
  return state_->describe(id, scope());
}

std::string Database::source_fingerprint(const std::string& id) const {
  state_->sources.get(id, scope());
  return about_source(id, [&] { return state_->engine.source_fingerprint(id); });
}

void Database::register_channel(const std::string& id, int32_t priority,
                                const std::vector<ChannelColumn>& columns) {
  state_->catalog->channels().add(id, priority, columns, scope());
}

void Database::add_channel_columns(const std::string& id, const std::vector<ChannelColumn>& columns) {
  state_->catalog->channels().add_columns(id, columns, scope());
}

std::vector<ChannelRecord> Database::list_channels() const {
  return state_->catalog->channels().list(scope());
}

std::string Database::create_mutable_table(const MutableTableDefinition& definition) {
  state_->mutable_tables->create(definition, scope());
  return definition.id;
}

void Database::drop_mutable_table(const std::string& id) {
  state_->mutable_tables->drop(id, scope());
}

std::vector<MutableTableDefinition> Database::list_mutable_tables() const {
  return state_->catalog->mutable_tables().list(scope());
}

std::unique_ptr<Transaction> Database::transaction() {
  state_->sources.refresh();
  auto state = std::make_unique<Transaction::State>(state_->engine.begin(scope()));
  return std::unique_ptr<Transaction>(new Transaction(std::move(state)));
}

void Database::insert_batch(const std::string& table, const arrow::RecordBatch& batch) {
  state_->mutable_tables->insert_batch(table, batch, scope());
}

std::shared_ptr<arrow::RecordBatchReader> Database::scan_after(const std::string& table, int64_t value,
                                                               std::optional<uint64_t> limit) const {
  return state_->mutable_tables->scan_after(table, value, limit, scope());
}

std::shared_ptr<arrow::RecordBatchReader> Database::sql(const std::string& query, std::stop_token stop) {
  return state_->query(query, std::move(stop), scope());
}

std::shared_ptr<arrow::RecordBatchReader> Database::sql_with_relations(
    const std::string& query, const std::map<std::string, std::shared_ptr<arrow::Table>>& relations,
    std::stop_token stop) {
  state_->sources.refresh();
  return state_->engine.query_with_relations(query, relations, std::move(stop), scope());
}

std::shared_ptr<arrow::Table> Database::sql_table(
    const std::string& query, const std::map<std::string, std::shared_ptr<arrow::Table>>& relations,
    std::stop_token stop) {
  if (relations.empty()) {
    if (auto row = state_->engine.point_query(query, scope())) return row;
  }
  state_->sources.refresh();
  return state_->engine.query_table(query, relations, std::move(stop), scope());
}

void Database::add_function(sql::TableFunction function) {
  state_->engine.add_function(std::move(function));
}

void Database::add_function(sql::VectorFunction function) {
  state_->engine.add_function(std::move(function));
}

bool Database::is_repeatable(const std::string& query) const {
  state_->sources.refresh();
  return state_->engine.is_repeatable(query, scope());
}

std::string Database::parse_expression(const std::string& text) const {
  return state_->engine.parse_expression(text);
}

std::shared_ptr<arrow::RecordBatchReader> Database::fetch_rows(
    const std::string& id, const std::string& table, const std::string& key_column,
    const std::vector<std::string>& keys, const std::string& predicate, std::stop_token stop) {
  const TenantScope reader = scope();
  TableDescription description = state_->describe(id, table, reader);
  std::string query = "SELECT * FROM " + sql::quote_path({id, "public", description.name}) + " WHERE " +
                      db::key_filter(id, description, key_column, keys);
  if (!predicate.empty()) query += " AND (" + predicate + ")";
  return state_->query(query, std::move(stop), reader);
}

std::shared_ptr<arrow::RecordBatchReader> Database::scan_source(const std::string& id,
                                                                const std::string& table,
                                                                const std::vector<std::string>& columns,
                                                                std::stop_token stop) {
  const TenantScope reader = scope();
  TableDescription description = state_->describe(id, table, reader);
  std::string list;
  for (const std::string& column : columns) {
    list += (list.empty() ? "" : ", ") + sql::quote_identifier(db::find_column(id, description, column).name);
  }
  if (list.empty()) {
    throw source_error(ErrorCode::InvalidArgument, id, "a scan needs at least one column");
  }
  return state_->query("SELECT " + list + " FROM " + sql::quote_path({id, "public", description.name}),
                       std::move(stop), reader);
}

uint64_t Database::count_rows(const std::string& id, const std::string& table) {
  const TenantScope counter = scope();
  TableDescription description = state_->describe(id, table, counter);
  auto reader =
      state_->query("SELECT count(*) FROM " + sql::quote_path({id, "public", description.name}), {}, counter);
  std::shared_ptr<arrow::RecordBatch> batch;
  throw_if_error(reader->ReadNext(&batch));
  return static_cast<uint64_t>(static_cast<const arrow::Int64Array&>(*batch->column(0)).Value(0));
}

const Config& Database::config() const noexcept {
  return state_->config;
}
catalog::Catalog& Database::catalog() noexcept {
  return *state_->catalog;
}
storage::ResultStore& Database::results() noexcept {
  return state_->results;
}

}  // namespace jammi
