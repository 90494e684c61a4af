#pragma once

#include <duckdb.hpp>

#include "sql/functions.h"

namespace jammi::sql {

/// Makes `function` callable in expressions.
void register_vector_function(duckdb::DatabaseInstance& database, VectorFunction function);

}  // namespace jammi::sql
