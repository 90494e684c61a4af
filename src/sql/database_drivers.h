#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <duckdb.hpp>

#include "sql/database_session.h"

namespace jammi::sql {

/// The option of ATTACH that carries an address to a driver.
inline constexpr char kAddressOption[] = "jammi_address";

/// Opens external databases for the statements of one DuckDB instance and keeps some open between them. The
/// extensions are loaded on first use and into an instance of their own: none of the functions and settings
/// that they bring can be named in a statement. Thread-safe.
class DatabaseDrivers {
 public:
  /// The most sessions kept for later statements, of all databases together.
  static constexpr size_t kMaxKept = 8;

  /// Borrows `instance`, which must outlive this object and every session.
  explicit DatabaseDrivers(duckdb::DatabaseInstance& instance) : instance_(instance) {}

  /// A session that shows the tables of this moment, be it one that was kept. Throws as `DatabaseSession`
  /// does, and Unsupported when the extension is not installed.
  std::unique_ptr<DatabaseSession> open(const ExternalDatabase& database);

  /// Keeps a session with a server whose statement has ended, in place of the one that was kept longest if
  /// there are many.
  void keep(std::unique_ptr<DatabaseSession> session);

  /// Closes what is kept of `database`.
  void close(const ExternalDatabase& database);

  /// Closes all that is kept; must be called while the instance still lives.
  void close_all();

 private:
  std::unique_ptr<DatabaseSession> take(const ExternalDatabase& database);
  const DatabaseDriver& driver(SourceType type);

  duckdb::DatabaseInstance& instance_;
  std::mutex mutex_;  // guards what follows
  std::unique_ptr<duckdb::DuckDB> host_;
  std::map<SourceType, DatabaseDriver> drivers_;
  std::vector<std::unique_ptr<DatabaseSession>> kept_;  // the one kept last at the end
};

}  // namespace jammi::sql
