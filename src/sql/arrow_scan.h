#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>
#include <duckdb.hpp>
#include <duckdb/function/table_function.hpp>

#include "sql/engine.h"
#include "sql/read_only_catalog.h"

/// Arrow rows as inputs of queries.
namespace jammi::sql {

/// DuckDB's scan of Arrow streams, made safe: the original passes filters to the producer and trusts it to
/// apply them; this one leaves them to DuckDB. To be called inside a transaction.
duckdb::TableFunction capture_arrow_scan(duckdb::ClientContext& context);

/// Rows that a scan asks for when it begins.
class ArrowRows {
 public:
  virtual ~ArrowRows() = default;

  virtual std::shared_ptr<arrow::Schema> schema() const = 0;

  /// The rows with the named columns of `schema` in that order; none named: all columns.
  virtual std::shared_ptr<arrow::RecordBatchReader> open(const std::vector<std::string>& columns) = 0;

  /// For the planner; empty when that is not known.
  virtual std::optional<uint64_t> num_rows() const = 0;
};

/// A scan of `rows`, which it keeps alive.
BoundScan bind_arrow_scan(duckdb::ClientContext& context, const duckdb::TableFunction& arrow_scan,
                          std::unique_ptr<ArrowRows> rows);

/// The same of a table.
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
