#pragma once

#include <memory>
#include <vector>

#include "index/vector_index.h"

namespace arrow {
class RecordBatchReader;
class Table;
}  // namespace arrow

namespace jammi::search {

/// Reads everything; throws what the reader reports.
std::shared_ptr<arrow::Table> read_table(arrow::RecordBatchReader& reader);

/// Columns _row_id, similarity and rank (0, 1, ...) of neighbours in order.
std::shared_ptr<arrow::Table> neighbors_table(const std::vector<index::Neighbor>& neighbors);

/// Appends retrieved_by (["vector"]) and annotated_by ([]) to every row and moves similarity, if present, to the end.
std::shared_ptr<arrow::Table> add_provenance(const std::shared_ptr<arrow::Table>& rows);

}  // namespace jammi::search
