#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "inference/task.h"

namespace arrow {
class RecordBatch;
class RecordBatchReader;
}  // namespace arrow

namespace jammi::inference {

/// One row to run a text model on. A row that cannot be run carries the reason in `error` and is passed
/// along.
struct TextRow {
  std::string row_id;
  std::string text;
  std::string error;

  bool is_ok() const { return error.empty(); }
};

/// `error` of a row whose text columns are all null or join to nothing.
inline constexpr char kEmptyTextError[] = "Empty or null text input";

/// `error` of a row whose key is null.
inline constexpr char kNullKeyError[] = "Null key";

RowOutcome outcome_of(TextRow row);

/// Reads rows from record batches whose first column is the key and whose other columns are the text, all of
/// type utf8. Text cells are joined with one space, nulls skipped. Not thread-safe.
class TextRowReader {
 public:
  explicit TextRowReader(std::shared_ptr<arrow::RecordBatchReader> batches);

  /// Returns up to `max_rows` rows in order, fewer once their text exceeds `max_bytes`, none at the end.
  std::vector<TextRow> next(size_t max_rows, size_t max_bytes);

 private:
  bool advance();
  TextRow row_at(int64_t position) const;

  std::shared_ptr<arrow::RecordBatchReader> batches_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t position_ = 0;
};

}  // namespace jammi::inference
