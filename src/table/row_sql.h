#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <jammi/mutable_table.h>

#include "sql/mutable_store.h"

/// The statements that the store sends for a table. Parameters stand in the order of the arguments; those of
/// the tenant come last, as `catalog::bind_scope` binds them.
namespace jammi::table {

std::string select_sql(const MutableTableDefinition& table, std::span<const size_t> columns,
                       std::span<const sql::Condition> conditions);

/// The row of a primary key while `catalog::bind_registration` holds, whose parameters come last.
std::string select_row_sql(const MutableTableDefinition& table, std::span<const size_t> columns,
                           std::span<const sql::Condition> key);

/// The change of that row, a removal without assignments, in PostgreSQL's terms. Parameters: the values, the
/// key, the tenant, the values of the sums once more, and the registration's.
std::string change_row_sql(const MutableTableDefinition& table, std::span<const sql::Assignment> assignments);

/// The rows whose order column is greater than the first parameter, in its order and the primary key's. Of
/// the order of a UInt64, whose upper half is stored as negative numbers, the first parameter is none of
/// these. `limit` rows at most.
std::string replay_sql(const MutableTableDefinition& table, std::optional<uint64_t> limit);

/// Parameters: all columns, then the tenant alone.
std::string insert_sql(const MutableTableDefinition& table);

/// Changes a row of the tenant's own. Parameters: the new values, then the primary key.
std::string update_sql(const MutableTableDefinition& table, std::span<const size_t> columns);

/// Removes a row of the tenant's own. Parameters: the primary key.
std::string delete_sql(const MutableTableDefinition& table);

/// Finds a row that belongs to no tenant. Parameters: the primary key, no tenant.
std::string shared_row_sql(const MutableTableDefinition& table);

}  // namespace jammi::table
