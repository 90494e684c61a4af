#pragma once

#include <map>
#include <string>

#include <jammi/database.h>

namespace jammi::db {

/// Makes nobody's sources of the databases that the configuration names, URLs by ids: adds those that are
/// missing and gives the others the URL of now. What cannot be added at the moment, or belongs to a tenant or
/// to files, is logged. `database` must have no tenant. Throws InvalidArgument (Config) for a URL of no
/// database.
void add_configured_sources(Database& database, const std::map<std::string, std::string>& urls);

}  // namespace jammi::db
