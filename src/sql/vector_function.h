#pragma once

#include <duckdb.hpp>

#include "sql/functions.h"

namespace jammi::sql {

/// Makes `function` callable in expressions.
void register_vector_function(duckdb::DatabaseInstance& database, VectorFunction function);

/// Whether `expression` calls one of them.
bool is_vector_call(const duckdb::Expression& expression);

}  // namespace jammi::sql
