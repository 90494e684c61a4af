#pragma once

#include <memory>
#include <stop_token>

#include <duckdb.hpp>

#include <jammi/error.h>

#include "catalog/tenant_scope.h"

/// What a connection knows of the statement that it runs. Each connection runs one.
namespace jammi::sql {

/// A connection whose statement sees what `scope` sees, for good.
std::unique_ptr<duckdb::Connection> connect(duckdb::DatabaseInstance& database,
                                            const catalog::TenantScope& scope);

/// What the statement may see. Throws Internal on a connection that `connect` has not made: what has no scope
/// sees nothing.
const catalog::TenantScope& scope_of(duckdb::ClientContext& context);

/// Gives the statement that a connection is about to run its stop token, for functions to find.
void set_stop_token(duckdb::ClientContext& context, std::stop_token stop);

/// That token; one that is never set on a connection without a statement of ours.
std::stop_token stop_token_of(duckdb::ClientContext& context);

/// Commits the connection's explicit transaction.
void commit(duckdb::Connection& connection);

/// Keeps what a database reports of a commit for `commit` to throw: DuckDB keeps its text alone.
void note_commit_failure(duckdb::ClientContext& context, const Error& failure);

}  // namespace jammi::sql
