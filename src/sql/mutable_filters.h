#pragma once

#include <vector>

#include <duckdb.hpp>
#include <duckdb/planner/operator/logical_get.hpp>

#include "sql/mutable_catalog.h"

namespace jammi::sql {

/// `filter` over the columns of `get`, which scans `table`, as conditions that together hold for exactly the
/// same rows; none when it is not a test of one column against constants of its type.
std::vector<Condition> to_conditions(const MutableTable& table, const duckdb::LogicalGet& get,
                                     const duckdb::Expression& filter);

}  // namespace jammi::sql
