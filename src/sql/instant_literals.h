#pragma once

#include <functional>
#include <optional>
#include <string>

#include <duckdb.hpp>

#include <jammi/mutable_table.h>

namespace jammi::sql {

using FindMutableTable = std::function<std::optional<MutableTableDefinition>(const std::string& id)>;

/// Makes the ISO 8601 texts that a change of a mutable table assigns to its Int64 and UInt64 columns numbers:
/// milliseconds since 1970, in UTC unless the text has an offset. Only literals that are a whole value are
/// looked at; `find` is called for a statement that has one.
void replace_instant_literals(duckdb::SQLStatement& statement, const FindMutableTable& find);

}  // namespace jammi::sql
