#pragma once

#include <memory>

#include <arrow/type_fwd.h>
#include <duckdb.hpp>
#include <duckdb/function/table_function.hpp>

#include "sql/engine.h"
#include "sql/read_only_catalog.h"

/// Arrow tables as inputs of queries.
namespace jammi::sql {

/// DuckDB's scan of Arrow streams, made safe: the original passes filters to the producer and trusts it to
/// apply them; this one leaves them to DuckDB. To be called inside a transaction.
duckdb::TableFunction capture_arrow_scan(duckdb::ClientContext& context);

/// A scan of `table`, which it keeps alive.
BoundScan bind_arrow_scan(duckdb::ClientContext& context, const duckdb::TableFunction& arrow_scan,
                          std::shared_ptr<arrow::Table> table);

/// Makes `relations` visible to the queries of one connection.
void add_relations(duckdb::ClientContext& context, const duckdb::TableFunction& arrow_scan,
                   const Relations& relations);

/// The connection's relation of that name as an entry of `schema`; null if there is none.
duckdb::optional_ptr<duckdb::CatalogEntry> find_relation(duckdb::ClientContext& context,
                                                         duckdb::SchemaCatalogEntry& schema,
                                                         const std::string& name);

}  // namespace jammi::sql
