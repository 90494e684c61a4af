#pragma once

#include <span>
#include <string_view>

#include "catalog/connection.h"

namespace jammi::catalog {

/// A named step of the catalog's schema; `sql` holds its statements, in SQLite's words.
struct Migration {
  std::string_view name;
  std::string_view sql;
  std::string_view postgres_sql = {};  ///< what PostgreSQL needs besides
};

/// Every step of this version, in order.
std::span<const Migration> migrations();

/// Brings the database to this version in one transaction and records each step in `applied_migrations`; of
/// several processes, one does so. Throws Unsupported when the ledger names a step this version does not
/// know: the catalog was written by a newer one.
void migrate(Connection& connection);

}  // namespace jammi::catalog
