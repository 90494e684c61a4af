#pragma once

#include <duckdb.hpp>

namespace jammi::sql {

/// Makes every query compute the calls of vector functions in its WHERE and SELECT clauses and its aggregates
/// in a BatchingOperator: after the joins and the cheaper conditions that stand beside them, and once where
/// two clauses have the same call. Left as they are: calls that only some rows need (in CASE, OR, COALESCE,
/// an aggregate's FILTER), those of constants, which are computed while planning, and those of random values.
void register_batching_rule(duckdb::DatabaseInstance& database);

}  // namespace jammi::sql
