#pragma once

#include <string>
#include <vector>

#include <duckdb.hpp>

/// What may be asked for: the allow-list of statements.
namespace jammi::sql {

/// Parses `text`, which must be one statement that only reads. InvalidArgument when it does not parse or
/// holds none or several, Unsupported for any other kind of statement.
duckdb::unique_ptr<duckdb::SQLStatement> parse_statement(duckdb::Connection& connection,
                                                         const std::string& text);

/// Parses `text`: one statement that only reads, or some that change mutable tables (INSERT, UPDATE, DELETE,
/// MERGE), of which the last may give rows: by RETURNING, or as one that only reads. Throws as
/// `parse_statement`.
std::vector<duckdb::unique_ptr<duckdb::SQLStatement>> parse_statements(duckdb::Connection& connection,
                                                                       const std::string& text);

/// Whether a statement gives rows, not a count of changed ones.
bool gives_rows(const duckdb::SQLStatement& statement);

/// The id of the mutable table that a statement, or the one that it explains, changes; empty when it changes
/// none.
std::string changed_table(const duckdb::SQLStatement& statement);

/// Whether `statement` reads one table at most and calls no function whose value changes between calls with
/// the same arguments.
bool is_repeatable_statement(duckdb::Connection& connection,
                             duckdb::unique_ptr<duckdb::SQLStatement> statement);

/// `text` as one expression in DuckDB's spelling. InvalidArgument otherwise.
std::string parse_expression_text(duckdb::Connection& connection, const std::string& text);

}  // namespace jammi::sql
