#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include <duckdb.hpp>

#include "sql/mutable_store.h"

namespace arrow {
class Table;
}

namespace jammi::sql {

/// What a text gives whose statements changed so many rows each.
std::shared_ptr<arrow::Table> count_table(const std::vector<uint64_t>& counts);

/// Runs what `parse_statements` gave in the explicit transaction of `connection`: all are bound before the
/// first runs. Gives the rows of the last if it has any, else one row with the `count` of each. Only .cc
/// files of this folder include it.
std::shared_ptr<arrow::Table> run_statements(const std::shared_ptr<duckdb::Connection>& connection,
                                             std::vector<duckdb::unique_ptr<duckdb::SQLStatement>> statements,
                                             MutableStore& store, uint64_t batch_rows,
                                             const std::stop_token& stop);

}  // namespace jammi::sql
