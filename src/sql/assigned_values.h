#pragma once

#include <functional>
#include <optional>
#include <string>

#include <duckdb.hpp>

#include <jammi/mutable_table.h>

namespace jammi::sql {

using FindMutableTable = std::function<std::optional<MutableTableDefinition>(const std::string& id)>;

/// Rewrites what a change of a mutable table, or the EXPLAIN of one, assigns: ISO 8601 texts for Int64 and
/// UInt64 columns to numbers, milliseconds since 1970, in UTC unless the text has an offset; DEFAULT to NULL,
/// which it is for every column. Only literals that are a whole value are looked at; `find` is called for a
/// statement that has such a text.
void rewrite_assigned_values(duckdb::SQLStatement& statement, const FindMutableTable& find);

}  // namespace jammi::sql
