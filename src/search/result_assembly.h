#pragma once

#include <memory>

namespace arrow {
class Array;
class ArrayBuilder;
class RecordBatchReader;
class Table;
}  // namespace arrow

namespace jammi::search {

/// Reads everything; throws what the reader reports.
std::shared_ptr<arrow::Table> read_table(arrow::RecordBatchReader& reader);

/// The finished array of a builder, as throw_if_error would have it.
std::shared_ptr<arrow::Array> finish_array(arrow::ArrayBuilder& builder);

/// Drops the rank, appends retrieved_by (["vector"]) and annotated_by ([]) to every row and moves similarity,
/// if there is one, to the end.
std::shared_ptr<arrow::Table> add_provenance(const std::shared_ptr<arrow::Table>& rows);

}  // namespace jammi::search
