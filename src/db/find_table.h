#pragma once

#include <string>
#include <vector>

#include <jammi/database.h>

namespace jammi::db {

/// The source's table that has all of `columns`; its first one when none has. NotFound for an unknown source
/// or one without tables, InvalidArgument when several tables have the columns.
TableDescription find_table(const Database& database, const std::string& id,
                            const std::vector<std::string>& columns);

}  // namespace jammi::db
