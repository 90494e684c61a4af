#pragma once

#include <duckdb.hpp>
#include <duckdb/function/table_function.hpp>

#include "sql/mutable_catalog.h"

namespace jammi::sql {

/// The scan of a mutable table, which reads only the columns it is asked for and gives the store the filters
/// that mean the same to it.
duckdb::TableFunction mutable_scan(duckdb::ClientContext& context, MutableTable& table,
                                   duckdb::unique_ptr<duckdb::FunctionData>& bind_data);

}  // namespace jammi::sql
