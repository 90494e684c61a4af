#pragma once

#include <memory>
#include <string>
#include <vector>

namespace arrow {
class RecordBatchReader;
class Scalar;
}  // namespace arrow

namespace jammi::sql::testing {

using Row = std::vector<std::string>;

/// A value as tests write it: NULL, 1, 1.5, true, text without quotes, [a, b], {k: v}.
std::string value_text(const arrow::Scalar& value);

/// Reads a stream to its end. Throws the jammi::Error it reports.
std::vector<Row> read_rows(arrow::RecordBatchReader& reader);

/// The column names of a stream.
Row column_names(arrow::RecordBatchReader& reader);

}  // namespace jammi::sql::testing
