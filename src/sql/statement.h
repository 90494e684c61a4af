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

/// Parses `text`: one statement that only reads, or one or several of INSERT, UPDATE, DELETE and MERGE of
/// mutable tables, of which one with RETURNING stands alone. Throws as `parse_statement`.
std::vector<duckdb::unique_ptr<duckdb::SQLStatement>> parse_statements(duckdb::Connection& connection,
                                                                       const std::string& text);

/// Whether a statement is an INSERT, UPDATE, DELETE or MERGE.
bool changes_rows(const duckdb::SQLStatement& statement);

/// The id of the mutable table that one of these changes; empty when it is no table of `mutable`.
std::string changed_table(const duckdb::SQLStatement& statement);

/// Whether one of these gives rows.
bool has_returning(const duckdb::SQLStatement& statement);

/// Whether `statement` reads one table at most and calls no function whose value changes between calls with
/// the same arguments.
bool is_repeatable_statement(duckdb::Connection& connection,
                             duckdb::unique_ptr<duckdb::SQLStatement> statement);

/// `text` as one expression in DuckDB's spelling. InvalidArgument otherwise.
std::string parse_expression_text(duckdb::Connection& connection, const std::string& text);

}  // namespace jammi::sql
