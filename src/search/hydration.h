#pragma once

#include <memory>
#include <stop_token>
#include <vector>

#include <jammi/database.h>
#include <jammi/records.h>

#include "index/vector_index.h"
#include "storage/row_store.h"

namespace arrow {
class Table;
}

namespace jammi::search {

/// Gives neighbours the columns of their source: the columns of `result_columns` in that order, then the
/// rank. Rows in neighbour order; a neighbour without a source row is dropped, one whose key several rows
/// have comes several times.
///
/// `rows` (may be null) answers without touching the source while the source's files are those it was made
/// from; otherwise the keys are looked up in the source. Both give the same table.
std::shared_ptr<arrow::Table> hydrate(Database& database, const ResultTableRecord& table,
                                      const storage::RowStore* rows,
                                      const std::vector<index::Neighbor>& neighbors, std::stop_token stop);

}  // namespace jammi::search
