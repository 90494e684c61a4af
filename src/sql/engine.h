#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include <jammi/records.h>

#include "catalog/tenant_scope.h"
#include "sql/functions.h"
#include "sql/transaction.h"

namespace arrow {
class RecordBatchReader;
class Schema;
class Table;
}  // namespace arrow

/// The door to DuckDB: SQL over files, databases, result tables and catalog views, streamed as Arrow.
namespace jammi::sql {

/// Limits of one Engine.
struct EngineOptions {
  uint64_t threads = 1;
  uint64_t memory_limit_bytes = 0;       ///< 0: the SQL engine's default, 80% of physical memory
  std::filesystem::path temp_directory;  ///< for spilled data; made when first needed
  uint64_t batch_size = 8192;            ///< most rows per record batch
};

/// One table of a source: the files of one format that `location` names, read as one table. A location is an
/// absolute file, a glob, or a directory (every file of the format below it, in path order).
struct FileTable {
  std::string name;
  FileFormat format = FileFormat::Parquet;
  std::string location;
};

/// A database that a source shows, `schema` of it as "public". `address` is a URL such as
/// postgresql://user:password@host:5432/db, or the path of a SQLite file; `type` is not File.
struct ExternalDatabase {
  SourceType type = SourceType::Postgres;
  std::string address;
  std::string schema;
};

/// The column of any table that tells whose its rows are. Compared without case.
inline constexpr char kTenantColumn[] = "tenant_id";

/// Whose the rows of a source are.
struct SourceTenancy {
  std::optional<std::string> owner;  ///< the tenant for whom alone the source exists; none: for everybody
  std::string tenant_column;         ///< of its tables without a column "tenant_id"; empty: none
};

/// A Parquet file that is shown as a result table.
struct ResultFile {
  std::string table_name;
  std::string parquet_path;
};

/// A table known by its bare name whose rows are produced when a query reads it.
struct CatalogView {
  std::string name;
  std::shared_ptr<arrow::Schema> schema;
  /// The rows that a scope sees, of exactly `schema`.
  std::function<std::shared_ptr<arrow::Table>(const catalog::TenantScope& scope)> read;
};

/// What the default catalog shows beside the sources. Called from any thread while a query is planned or run,
/// so nothing can be stale, with what the statement may see; may throw jammi::Error. Names compare without
/// case.
struct CatalogContent {
  std::function<std::optional<ResultFile>(const std::string& table_name, const catalog::TenantScope& scope)>
      find_result_table;
  std::function<std::vector<ResultFile>(const catalog::TenantScope& scope)> list_result_tables;
  std::vector<CatalogView> views;
};

/// Arrow tables that one query can name as if they were tables.
using Relations = std::map<std::string, std::shared_ptr<arrow::Table>>;

/// One in-process SQL instance. Thread-safe; every query runs on a connection of its own.
///
/// Names: `<source>.public.<table>`, `mutable.public.<mutable table>`, `"jammi.<result table>"`,
/// `jammi."<result table>"`, and each view's bare name. Statements can read nothing else: functions that
/// touch files, settings or other statements do not exist here.
///
/// A statement sees what its scope sees. Of a table with a tenant column (`kTenantColumn`, or what its source
/// declares) these are the tenant's rows and those with NULL there. To it, sources of other tenants do not
/// exist.
///
/// Readers fail with an arrow::Status that carries the jammi::Error (`throw_if_error` of <jammi/database.h>
/// recovers it), keep their connection until closed or destroyed, and must not outlive the Engine. A stop
/// request interrupts the running query; its reader then reports Cancelled.
class Engine {
 public:
  /// There are no mutable tables without a store.
  Engine(const EngineOptions& options, CatalogContent content,
         std::shared_ptr<MutableStore> mutable_tables = nullptr);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Makes a function known to every statement from now on. Its callbacks must live as long as the engine.
  void add_function(TableFunction function);
  void add_function(VectorFunction function);

  /// Throws InvalidArgument when `id` means something else in SQL, or is not 1 to 255 bytes of UTF-8 without
  /// control characters.
  static void require_free_name(const std::string& id);

  /// Makes tables readable as `<id>.public.<table>` without touching their files: what is wrong with a file
  /// is reported by whoever reads it. Throws as `require_free_name`, AlreadyExists for a known one (compared
  /// without case).
  void add_source(const std::string& id, std::vector<FileTable> tables, SourceTenancy tenancy = {});

  /// The same for all tables and views of a schema of a database, which is not connected to before a
  /// statement reads them; connections serve one statement at a time and are kept for later ones.
  void add_source(const std::string& id, ExternalDatabase database, SourceTenancy tenancy = {});

  /// Forgets a source; queries that already read it finish. NotFound if there is none.
  void remove_source(const std::string& id);

  bool has_source(const std::string& id) const;

  /// The source's tables with the columns they have at this moment. NotFound for an unknown source or a
  /// missing file or schema, DataCorruption for an unreadable file, Unavailable for a database that cannot be
  /// reached.
  std::vector<TableDescription> describe_source(const std::string& id) const;

  /// The same for tables that are no source yet, so that a source can be checked before it is added.
  std::vector<TableDescription> describe_tables(const std::vector<FileTable>& tables) const;
  std::vector<TableDescription> describe_tables(const ExternalDatabase& database) const;

  /// A digest of the paths, sizes and modification times of the source's files; empty for a database, whose
  /// changes leave no such trace. Throws NotFound.
  std::string source_fingerprint(const std::string& id) const;

  /// Runs a text as a user may write it: one SELECT-like statement, or some that change mutable tables,
  /// separated by semicolons. These are parsed and bound first, land together before this returns or not at
  /// all, and give one row for each with the UInt64 `count` of its changed rows. The last may have RETURNING
  /// or be SELECT-like instead; its rows are then the result, in memory. Unsupported for any other statement,
  /// InvalidArgument for text that does not parse or bind, NotFound for an unknown table.
  std::shared_ptr<arrow::RecordBatchReader> query(const std::string& statement, std::stop_token stop = {},
                                                  const catalog::TenantScope& scope = {});

  /// The result of `query` for a statement about the row of a mutable table that has a certain primary key,
  /// in a fraction of the time, because nothing is planned; null for any other text.
  std::shared_ptr<arrow::Table> point_query(const std::string& text, const catalog::TenantScope& scope = {});

  /// As `query` for a SELECT-like statement with `relations` visible to it only, by unqualified name; a table
  /// of the engine shadows a relation of its name.
  std::shared_ptr<arrow::RecordBatchReader> query_with_relations(const std::string& statement,
                                                                 const Relations& relations,
                                                                 std::stop_token stop = {},
                                                                 const catalog::TenantScope& scope = {});

  /// All rows of the same at once, which comes sooner than reading them batch by batch: its chunks are large,
  /// whatever the batch size. Throws what reading would have reported.
  std::shared_ptr<arrow::Table> query_table(const std::string& statement, const Relations& relations,
                                            std::stop_token stop = {},
                                            const catalog::TenantScope& scope = {});

  /// Starts a transaction over the mutable tables, which must not outlive the engine.
  std::unique_ptr<Transaction> begin(const catalog::TenantScope& scope = {});

  /// Whether a statement gives the same rows for as long as the files behind it stay the same: it reads one
  /// table at most, and calls no function such as random() or now(). Binds the statement without running it;
  /// throws as `query`.
  bool is_repeatable(const std::string& statement, const catalog::TenantScope& scope = {}) const;

  /// `text` as one SQL expression in canonical spelling, safe to paste between parentheses. InvalidArgument
  /// when it is not exactly one expression.
  std::string parse_expression(const std::string& text) const;

 private:
  using Source = std::variant<std::vector<FileTable>, ExternalDatabase>;
  Source source_of(const std::string& id) const;
  void add(const std::string& id, Source source, SourceTenancy tenancy);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jammi::sql
