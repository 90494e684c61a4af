#pragma once

#include <duckdb.hpp>

namespace jammi::sql {

/// Adds the aggregates `vector_sum`, `vector_mean` and `vector_max` of FLOAT[N], which work element by
/// element and give a FLOAT[N]. They add in 64 bits; what several threads have added up is put together in no
/// fixed order. NULL rows do not count; NULL where no row does. NaN is the largest number. A NULL inside a
/// vector fails the query.
void register_vector_aggregates(duckdb::DatabaseInstance& database);

}  // namespace jammi::sql
