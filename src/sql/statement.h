#pragma once

#include <string>

#include <duckdb.hpp>

/// What may be asked for: the allow-list of statements.
namespace jammi::sql {

/// Parses `text`, which must be one statement that only reads. InvalidArgument when it does not parse or
/// holds none or several, Unsupported for any other kind of statement.
duckdb::unique_ptr<duckdb::SQLStatement> parse_statement(duckdb::Connection& connection,
                                                         const std::string& text);

/// Whether `statement` reads one table at most and calls no function whose value changes between calls with
/// the same arguments.
bool is_repeatable_statement(duckdb::Connection& connection,
                             duckdb::unique_ptr<duckdb::SQLStatement> statement);

/// `text` as one expression in DuckDB's spelling. InvalidArgument otherwise.
std::string parse_expression_text(duckdb::Connection& connection, const std::string& text);

}  // namespace jammi::sql
