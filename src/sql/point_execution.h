#pragma once

#include <memory>

#include "sql/mutable_store.h"
#include "sql/point_statement.h"

namespace arrow {
class Table;
}

namespace jammi::sql {

/// What DuckDB would give for the statement: the row or none, or one with the `count` of changed rows. Null,
/// with nothing changed, for what only DuckDB can judge: a table or column that there is not or that is
/// written in another case, a key that is not the whole primary key, literals of another type than the
/// column's, values out of range, and new values of the key itself.
std::shared_ptr<arrow::Table> run_point_statement(const PointStatement& statement, StoreTransaction& store);

/// The same without a transaction; null, too, where one has to tell.
std::shared_ptr<arrow::Table> run_point_statement_at_once(const PointStatement& statement,
                                                          MutableStore& store,
                                                          const catalog::TenantScope& scope);

}  // namespace jammi::sql
