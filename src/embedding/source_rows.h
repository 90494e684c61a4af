#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include <jammi/database.h>
#include <jammi/records.h>

namespace jammi::embedding {

/// Keeps the rows of `table.source_id` that have a vector beside the vectors of `table`, for searches to show
/// (docs/formats/row-store.md). `has_vector` holds one entry per row of the source, in source order.
/// `fingerprint` is the source's from before its text was read: when the source has changed since, nothing is
/// written. Throws what reading the source or writing the file throws.
void write_source_rows(Database& database, const ResultTableRecord& table, const std::string& source_table,
                       const std::vector<bool>& has_vector, const std::string& fingerprint,
                       std::stop_token stop);

}  // namespace jammi::embedding
