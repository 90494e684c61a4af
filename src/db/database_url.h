#pragma once

#include <string>
#include <string_view>

#include <jammi/records.h>

#include "sql/engine.h"

namespace jammi::db {

/// The type of source that a URL's scheme tells: postgresql and postgres, mysql, sqlite; File for anything
/// else.
SourceType source_type_of(std::string_view url);

/// The database that a source of `type`, which is not File, shows: the schema `public` of a PostgreSQL
/// database, a MySQL or MariaDB database, or a SQLite file. Throws InvalidArgument for a format, a URL that
/// names no database, one whose password cannot be told from the rest, which the message does not repeat, and
/// for MySQL's own databases.
sql::ExternalDatabase external_database(const std::string& source_id, SourceType type,
                                        const SourceConnection& connection);

/// The URL of the SQLite file at `path`, which may be relative to the working directory.
std::string sqlite_url(const std::string& path);

}  // namespace jammi::db
