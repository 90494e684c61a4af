#pragma once

#include <memory>
#include <string>
#include <vector>

#include <duckdb.hpp>

#include "sql/database_drivers.h"
#include "sql/read_only_catalog.h"

/// The tables and views of an external database. Only .cc files of this folder include it.
namespace jammi::sql {

/// The schemas of an external source's catalog: the database's own schema, called "public". Each connection
/// that reads the source has a session with the server for itself and for as long as it lives, which shows
/// the tables and columns of that moment; a server that was restarted is found again. `source` names it in
/// logs; `tenant_column` is what it declares (empty: none).
SchemaDirectories external_schemas(std::shared_ptr<DatabaseDrivers> drivers, std::string source,
                                   ExternalDatabase database, std::string tenant_column);

/// The tables of `database` in the order of their names, with their columns. Throws NotFound when its schema
/// does not exist.
std::vector<TableDescription> describe_external(duckdb::Connection& connection, DatabaseDrivers& drivers,
                                                const ExternalDatabase& database);

}  // namespace jammi::sql
