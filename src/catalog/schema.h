#pragma once

#include <span>
#include <string_view>

#include "catalog/sqlite.h"

namespace jammi::catalog {

/// A named step of the catalog's schema; `sql` holds its statements.
struct Migration {
  std::string_view name;
  std::string_view sql;
};

/// Every step of this version, in order.
std::span<const Migration> migrations();

/// Brings the database to this version in one transaction and records each step in `applied_migrations`.
/// Throws Unsupported when the ledger names a step this version does not know: the file was written by a
/// newer one.
void migrate(Connection& connection);

}  // namespace jammi::catalog
