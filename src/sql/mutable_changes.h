#pragma once

#include <duckdb.hpp>
#include <duckdb/execution/physical_plan_generator.hpp>
#include <duckdb/planner/operator/logical_delete.hpp>
#include <duckdb/planner/operator/logical_insert.hpp>
#include <duckdb/planner/operator/logical_update.hpp>

/// The operators that change mutable tables. They gather the rows of their statement before they change any,
/// so that a statement never reads what it wrote; their own output is the number of changed rows or, with
/// RETURNING, the rows. Only .cc files of this folder include it.
namespace jammi::sql {

duckdb::PhysicalOperator& plan_insert(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                      duckdb::LogicalInsert& op, duckdb::PhysicalOperator& rows);
duckdb::PhysicalOperator& plan_update(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                      duckdb::LogicalUpdate& op, duckdb::PhysicalOperator& rows);
duckdb::PhysicalOperator& plan_delete(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                      duckdb::LogicalDelete& op, duckdb::PhysicalOperator& rows);

}  // namespace jammi::sql
