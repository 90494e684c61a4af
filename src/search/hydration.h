#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <jammi/database.h>
#include <jammi/records.h>

#include "index/vector_index.h"
#include "storage/row_store.h"

namespace arrow {
class Table;
}

namespace jammi::search {

/// Whether `rows` (may be null) holds the rows of the source as it is at this moment.
bool is_current(Database& database, const ResultTableRecord& table, const storage::RowStore* rows);

/// `hydrate` from a row store that is current.
std::shared_ptr<arrow::Table> hydrate_from_row_store(const ResultTableRecord& table,
                                                     const storage::RowStore& rows,
                                                     const std::vector<index::Neighbor>& neighbors);

/// Gives neighbours the columns of their source: the columns of `hits_schema`. Rows in neighbour order; a
/// neighbour without a source row is dropped, one whose key several rows have comes several times.
///
/// `rows` answers without touching the source while it is current; otherwise the keys are looked up in the
/// source. Both give the same table. `predicate`, a canonical SQL expression, is what the neighbours' rows
/// meet; among rows of one key it tells which are meant. Empty: all.
std::shared_ptr<arrow::Table> hydrate(Database& database, const ResultTableRecord& table,
                                      const storage::RowStore* rows,
                                      const std::vector<index::Neighbor>& neighbors,
                                      const std::string& predicate, std::stop_token stop);

}  // namespace jammi::search
