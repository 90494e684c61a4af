#pragma once

#include <duckdb.hpp>
#include <duckdb/execution/physical_plan_generator.hpp>
#include <duckdb/planner/operator/logical_merge_into.hpp>

/// MERGE, and INSERT with ON CONFLICT, on mutable tables. Only .cc files of this folder include it.
namespace jammi::sql {

/// Each action becomes the insert, update or delete of `mutable_changes`. They run one after the other.
duckdb::PhysicalOperator& plan_merge(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                     duckdb::LogicalMergeInto& op, duckdb::PhysicalOperator& rows);

}  // namespace jammi::sql
