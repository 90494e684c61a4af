#pragma once

#include <duckdb.hpp>
#include <duckdb/function/table_function.hpp>

#include "sql/functions.h"

namespace jammi::sql {

/// Makes `function` callable in FROM. `arrow_scan` is what reads its rows.
void register_table_function(duckdb::DatabaseInstance& database, const duckdb::TableFunction& arrow_scan,
                             TableFunction function);

}  // namespace jammi::sql
