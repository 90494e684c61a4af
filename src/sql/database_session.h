#pragma once

#include <string>

#include <duckdb.hpp>
#include <duckdb/main/attached_database.hpp>

#include "sql/engine.h"

/// Databases that DuckDB's extensions read. Only .cc files of this folder and its other internal headers
/// include it.
namespace jammi::sql {

/// An extension that reads one type of database, loaded into an instance in which no statement of a user
/// runs.
struct DatabaseDriver {
  duckdb::DuckDB& host;
  std::string type;  ///< what ATTACH calls it in the instance that serves statements
  duckdb::shared_ptr<const duckdb::TableFunction> query;  ///< has a server run a text; null for SQLite
};

/// A database that is open, read-only, for one statement at a time of the instance that serves statements,
/// with connections of its own.
class DatabaseSession {
 public:
  /// Connects; borrows both. Throws Unavailable when the server cannot be reached or refuses the user,
  /// NotFound for a SQLite file that does not exist.
  DatabaseSession(const DatabaseDriver& driver, duckdb::DatabaseInstance& instance, ExternalDatabase address);
  ~DatabaseSession();
  DatabaseSession(const DatabaseSession&) = delete;
  DatabaseSession& operator=(const DatabaseSession&) = delete;

  const ExternalDatabase& address() const { return address_; }
  const duckdb::shared_ptr<duckdb::AttachedDatabase>& database() const { return database_; }

  /// Whether the server still has the tables that it had when this session began. Throws Unavailable when it
  /// is gone.
  bool is_current();

  /// Whether a table has a MySQL BIT(n), n > 1: the extension reads it as a binary string, with which the
  /// server compares it wrongly.
  bool has_bits() const { return state_.has_bits; }

  /// Asks the server to end what it is doing for this session, which is of no use afterwards: the extensions
  /// wait for a server's rows whatever happens to the statement. A SQLite file needs it not. Logs why when
  /// the server cannot be asked. Called from any thread.
  void cancel();

 private:
  /// What tells this session's connection and the tables of the server.
  struct State {
    std::string connection;
    std::string tables;
    bool has_bits = false;
  };
  State ask_state();

  const DatabaseDriver& driver_;
  duckdb::DatabaseInstance& instance_;
  const ExternalDatabase address_;
  const std::string name_;  // random, so that no statement can guess it; PostgreSQL's application_name
  duckdb::shared_ptr<duckdb::AttachedDatabase> database_;
  State state_;
};

}  // namespace jammi::sql
