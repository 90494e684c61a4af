#pragma once

#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <jammi/config.h>
#include <jammi/mutable_table.h>
#include <jammi/records.h>
#include <jammi/tenant_id.h>
#include <jammi/transaction.h>

namespace arrow {
class RecordBatch;
class RecordBatchReader;
class Status;
class Table;
}  // namespace arrow

namespace jammi {
namespace catalog {
class Catalog;
class TenantScope;
}  // namespace catalog
namespace io {
class FileSystem;
}
namespace sql {
struct TableFunction;
struct VectorFunction;
}  // namespace sql
namespace storage {
class ResultStore;
}

/// Throws the jammi::Error that a reader of a Database reported through `status`; returns when it is OK.
void throw_if_error(const arrow::Status& status);

class Database;
namespace db {
std::unique_ptr<Database> open_database(const Config& config, std::shared_ptr<io::FileSystem> files);
}

/// SQL over registered sources, result tables and the catalog, without any model code (libjammi_db).
/// One is opened per process and artifact directory; `with_tenant` makes others of it. All methods are
/// thread-safe.
///
/// A call sees what the tenant sees that is bound when it begins: its own sources, result tables, models and
/// channels and those of nobody, and of tables with a tenant column (`set_source_tenant_column`) its own rows
/// and those with NULL there. Without a tenant, only what is nobody's. What a call writes is the tenant's.
class Database {
 public:
  /// Opens or creates everything under `config.artifact_dir`, recovers tables that a crash left in
  /// `building`, and makes every registered source readable. A source whose file is missing only logs a
  /// warning; the statement that reads it fails.
  static std::unique_ptr<Database> open(const Config& config);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Registers a source and checks that it can be read: NotFound for a missing file, DataCorruption for an
  /// unreadable one, AlreadyExists for a known id, Unsupported for a format that has no reader,
  /// InvalidArgument for an id that SQL reserves or that is not 1 to 255 bytes of UTF-8 without control
  /// characters.
  void add_source(const std::string& id, SourceType type, SourceConnection connection);

  /// Forgets a source and deletes its result tables with their files. NotFound if there is none.
  /// A tenant removes its own: Tenant errors for one that is everybody's.
  void remove_source(const std::string& id);

  /// Declares which column of a source's tables holds the tenant of a row, as a UUID in canonical form; none:
  /// no column does, and all rows are everybody's. Without effect on tables that have a column "tenant_id",
  /// which always is the one. NotFound for a column that none of the tables has. A table without it cannot be
  /// read any more. Whoever sees the source may declare one where there is none; only its owner may change or
  /// drop it. Conflict when the source has result tables, which hold rows of all tenants.
  void set_source_tenant_column(const std::string& id, const std::optional<std::string>& column);

  /// The column that was declared.
  std::optional<std::string> source_tenant_column(const std::string& id) const;

  /// Those that the tenant sees, by id.
  std::vector<SourceRecord> list_sources() const;

  /// The source's tables with their columns. NotFound if there is none.
  std::vector<TableDescription> describe_source(const std::string& id) const;

  /// Text that differs once a file of the source was changed, added or removed. NotFound if there is none.
  std::string source_fingerprint(const std::string& id) const;

  /// Registers a provenance channel for good. `id` is a lowercase letter and up to 63 of [a-z0-9_];
  /// `priority` places its columns in results, behind those of a smaller one. AlreadyExists for a known
  /// channel or a column named twice, InvalidArgument for names that results cannot have.
  void register_channel(const std::string& id, int32_t priority, const std::vector<ChannelColumn>& columns);

  /// Appends columns to a channel; none is ever changed or dropped. NotFound for an unknown channel,
  /// AlreadyExists for a column it has, whatever its type, InvalidArgument for a built-in channel. Adds all
  /// columns or none.
  void add_channel_columns(const std::string& id, const std::vector<ChannelColumn>& columns);

  /// The channels, `vector` and `inference` included, ordered by priority and id.
  std::vector<ChannelRecord> list_channels() const;

  /// Registers a mutable table with its physical table and indexes, all or nothing, and returns its id: it
  /// can be read and changed as `mutable.public.<id>` from now on, also after a restart. Throws MutableTable
  /// errors: InvalidArgument for a definition that breaks a rule, AlreadyExists for a known id or index name.
  std::string create_mutable_table(const MutableTableDefinition& definition);

  /// Drops a mutable table with its rows. NotFound if there is none. A tenant drops its own: Tenant errors
  /// for one that is everybody's.
  void drop_mutable_table(const std::string& id);

  /// The bound tenant's own, or nobody's, by id.
  std::vector<MutableTableDefinition> list_mutable_tables() const;

  /// Starts a transaction over the mutable tables.
  std::unique_ptr<Transaction> transaction();

  /// Adds the rows of `batch`, all or none, past the SQL planner. Its columns have the table's names and
  /// types in its order. Throws MutableTable errors: NotFound, InvalidArgument for another schema or a null
  /// where none may be, AlreadyExists for a key that is taken.
  void insert_batch(const std::string& table, const arrow::RecordBatch& batch);

  /// Streams the rows whose order column is greater than `value`, ascending, `limit` of them at most, in
  /// batches of the table's `chunk_size`, as they are at the first read, past the SQL planner. Read it to the
  /// end soon: it holds one of the catalog's connections. Throws NotFound, InvalidArgument for a table
  /// without order column.
  std::shared_ptr<arrow::RecordBatchReader> scan_after(const std::string& table, int64_t value,
                                                       std::optional<uint64_t> limit = {}) const;

  /// Runs one SELECT-like statement and streams its rows in bounded memory, or one or several INSERT, UPDATE,
  /// DELETE and MERGE of mutable tables, separated by semicolons, which land together before this returns or
  /// not at all: one row for each with the UInt64 `count` of the rows it changed. The last of several may
  /// give rows, by RETURNING or as a SELECT that sees the changes; these are then the result.
  /// The reader keeps what it needs alive except this Database; requesting a stop on `stop` makes its next
  /// read fail with Cancelled. Reads fail with an arrow::Status, never an exception:
  /// `throw_if_error(reader->ReadNext(&batch))` throws it. Statements outside the allow-list throw
  /// Unsupported or InvalidArgument; planner and executor errors are of category Sql.
  std::shared_ptr<arrow::RecordBatchReader> sql(const std::string& query, std::stop_token stop = {});

  /// The same for a SELECT-like statement with Arrow tables that only it sees, by unqualified name. Engine
  /// layers join their rows with sources this way.
  std::shared_ptr<arrow::RecordBatchReader> sql_with_relations(
      const std::string& query, const std::map<std::string, std::shared_ptr<arrow::Table>>& relations,
      std::stop_token stop = {});

  /// All rows of the same in one table, held in memory, which comes sooner than reading them batch by batch.
  std::shared_ptr<arrow::Table> sql_table(
      const std::string& query, const std::map<std::string, std::shared_ptr<arrow::Table>>& relations = {},
      std::stop_token stop = {});

  /// Makes a function known to every statement from now on; engine layers make models callable this way. Its
  /// callbacks must live as long as this object.
  void add_function(sql::TableFunction function);
  void add_function(sql::VectorFunction function);

  /// Whether a statement gives the same rows for as long as the files behind it stay the same: it reads one
  /// table at most, and calls no function such as random() or now(). Binds the statement without running it;
  /// throws as `sql`.
  bool is_repeatable(const std::string& query) const;

  /// `text` as one SQL expression in canonical spelling, safe to paste between parentheses. InvalidArgument
  /// when it is not exactly one expression.
  std::string parse_expression(const std::string& text) const;

  /// Streams the rows of a source's table whose `key_column`, cast to text, is one of `keys` and for which
  /// `predicate`, as `parse_expression` returns it, is true (empty: all); all columns, in no particular
  /// order. Row groups and rows that cannot match are not read. Unknown names: NotFound.
  std::shared_ptr<arrow::RecordBatchReader> fetch_rows(const std::string& id, const std::string& table,
                                                       const std::string& key_column,
                                                       const std::vector<std::string>& keys,
                                                       const std::string& predicate = "",
                                                       std::stop_token stop = {});

  /// Streams the named columns of a source's table (its first table when `table` is empty) in file order,
  /// which is what inference reads. Unknown source or column: NotFound, naming it.
  std::shared_ptr<arrow::RecordBatchReader> scan_source(const std::string& id, const std::string& table,
                                                        const std::vector<std::string>& columns,
                                                        std::stop_token stop = {});

  /// Number of rows of a source's table.
  uint64_t count_rows(const std::string& id, const std::string& table = "");

  /// Another object for the same open files, which works for `tenant`; this one stays as it is.
  std::unique_ptr<Database> with_tenant(const TenantId& tenant) const;

  /// Changes for whom this object works; calls that have begun are not affected.
  void bind_tenant(const TenantId& tenant);
  void unbind_tenant();
  std::optional<TenantId> tenant() const;

  /// Another object for the same open files, which sees what `scope` sees: for engine layers, whose work of
  /// several calls is for one tenant.
  std::unique_ptr<Database> within(const catalog::TenantScope& scope) const;
  catalog::TenantScope scope() const;

  const Config& config() const noexcept;
  catalog::Catalog& catalog() noexcept;
  storage::ResultStore& results() noexcept;

 private:
  struct State;
  class Binding;
  Database(std::shared_ptr<State> state, const catalog::TenantScope& scope);
  friend std::unique_ptr<Database> db::open_database(const Config&, std::shared_ptr<io::FileSystem>);
  std::shared_ptr<State> state_;
  std::unique_ptr<Binding> binding_;
};

}  // namespace jammi
