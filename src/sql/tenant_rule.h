#pragma once

#include <optional>
#include <string>

#include <duckdb.hpp>

/// The rows of other tenants, kept out of every statement. Only .cc files of this folder include it.
namespace jammi::sql {

/// A table as a statement scans it.
struct TableScan {
  std::string table;
  std::optional<std::string> tenant_column;  ///< none: all rows are everybody's
};

/// Tells the rule what the scan that `bind_data` belongs to reads. To be called whenever a table is bound.
void note_scan(duckdb::ClientContext& context, const duckdb::FunctionData& bind_data, TableScan scan);

/// Makes every statement of an instance see, of each table with a tenant column, only the rows whose value is
/// the tenant that its connection is bound to (`connect`), or NULL; those with NULL when none is bound. The
/// condition stands right above the scan, behind a barrier: no other expression is computed for a row before
/// it has passed, whatever the optimizer does. Statements of a connection without a scope, scans that were
/// not noted and tables that lack their tenant column fail.
void register_tenant_rule(duckdb::DatabaseInstance& database);

}  // namespace jammi::sql
