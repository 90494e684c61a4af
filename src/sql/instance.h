#pragma once

#include <memory>

#include <duckdb.hpp>

#include "sql/engine.h"

/// The DuckDB instance behind an Engine and what it lets its users call.
namespace jammi::sql {

/// Opens an in-memory instance: no extensions, no access to files that the engine has not allowed.
std::unique_ptr<duckdb::DuckDB> open_instance(const EngineOptions& options);

/// Removes every function that reaches files, settings, logs or other statements, and every way to name a
/// file as a table. What the engine needs of them must have been captured before.
void remove_capabilities(duckdb::Connection& connection);

/// Adds TIMESTAMP_MICROS(BIGINT): microseconds since 1970 as a TIMESTAMP.
void add_functions(duckdb::DatabaseInstance& database);

/// Fixes the configuration for the rest of the instance's life.
void lock_configuration(duckdb::Connection& connection);

}  // namespace jammi::sql
