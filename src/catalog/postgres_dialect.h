#pragma once

#include <string>
#include <string_view>

namespace jammi::catalog {

/// A statement of ours as PostgreSQL spells it: parameters `?` and `?1` become `$1`, CURRENT_TIMESTAMP the
/// text that SQLite makes of it. Quoted texts and names are left alone. Operators with a question mark,
/// comments and dollar quotes are not understood.
std::string to_postgres(std::string_view sql);

}  // namespace jammi::catalog
