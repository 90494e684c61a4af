#pragma once

#include <memory>

#include <jammi/database.h>

#include "db/channel_merge.h"

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

/// Drops the rank and adds `provenance`: retrieved_by and annotated_by for every row, then the columns that
/// its channels have in `rows`, moved to the end in the channels' order. What a select dropped stays dropped.
std::shared_ptr<arrow::Table> add_provenance(const Database& database,
                                             const std::shared_ptr<arrow::Table>& rows,
                                             const db::Provenance& provenance);

}  // namespace jammi::search
