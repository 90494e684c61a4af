#pragma once

#include <memory>
#include <mutex>
#include <string>

#include <duckdb.hpp>
#include <duckdb/main/attached_database.hpp>

#include "sql/engine.h"

/// DuckDB's extensions that read other databases. Only .cc files of this folder include it.
namespace jammi::sql {

/// Opens external databases for the statements of one DuckDB instance. The extensions are loaded on first use
/// and into an instance of their own: none of the functions and settings that they bring can be named in a
/// statement. Thread-safe.
class DatabaseDrivers {
 public:
  /// Borrows `instance`, which must outlive this object and every database that it opened.
  explicit DatabaseDrivers(duckdb::DatabaseInstance& instance) : instance_(instance) {}

  /// A database as one statement has it open, read-only.
  struct Attached {
    std::string name;  ///< random, so that no statement can guess it; PostgreSQL's application_name
    duckdb::shared_ptr<duckdb::AttachedDatabase> database;
  };

  /// Connects to `database`. Throws Unavailable when the server cannot be reached or refuses the user,
  /// NotFound for a SQLite file that does not exist,
  /// Unsupported when the extension is not installed.
  Attached open(const ExternalDatabase& database);

  /// Disconnects once nothing uses the database any more.
  void close(const Attached& attached);

  /// Asks the server to end what it is doing for the database that was opened under `name`: the extensions
  /// wait for a server's rows whatever happens to the statement. Only PostgreSQL can be asked, and a SQLite
  /// file needs not. Logs why when
  /// it cannot be reached.
  void cancel(const ExternalDatabase& database, const std::string& name);

 private:
  /// The name under which the instance attaches databases of `type`.
  std::string driver(SourceType type);

  duckdb::DatabaseInstance& instance_;
  std::mutex mutex_;  // guards host_
  std::unique_ptr<duckdb::DuckDB> host_;
};

}  // namespace jammi::sql
