#pragma once

#include <string>
#include <vector>

#include <jammi/records.h>

namespace jammi::db {

/// The table's column of that name. Throws source_error(NotFound) naming it.
const ColumnDescription& find_column(const std::string& source_id, const TableDescription& table,
                                     const std::string& column);

/// A SQL predicate true for the rows whose `key_column`, cast to text, is one of `keys`; false for all rows
/// when there are none. For integer and text columns it compares the column itself, so that row-group
/// statistics and database indexes apply. Throws as `find_column`.
std::string key_filter(const std::string& source_id, const TableDescription& table,
                       const std::string& key_column, const std::vector<std::string>& keys);

}  // namespace jammi::db
