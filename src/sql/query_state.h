#pragma once

#include <stop_token>

#include <duckdb.hpp>

namespace jammi::sql {

/// Gives the statement that a connection is about to run its stop token, for functions to find.
void set_stop_token(duckdb::ClientContext& context, std::stop_token stop);

/// That token; one that is never set on a connection without a statement of ours.
std::stop_token stop_token_of(duckdb::ClientContext& context);

}  // namespace jammi::sql
