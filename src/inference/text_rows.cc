#include "inference/text_rows.h"

#include <utility>

#include <arrow/array/array_binary.h>
#include <arrow/record_batch.h>

#include <jammi/database.h>
#include <jammi/error.h>

namespace jammi::inference {
namespace {

const arrow::StringArray& text_column(const arrow::RecordBatch& batch, int column) {
  const arrow::Array& array = *batch.column(column);
  if (array.type_id() != arrow::Type::STRING) {
    throw Error(ErrorCode::Internal, ErrorCategory::Inference,
                "text rows need utf8 columns, got: " + array.type()->ToString());
  }
  return static_cast<const arrow::StringArray&>(array);
}

}  // namespace

RowOutcome outcome_of(TextRow row) {
  RowOutcome outcome;
  if (row.error != kNullKeyError) outcome.row_id = std::move(row.row_id);
  outcome.error = std::move(row.error);
  return outcome;
}

TextRowReader::TextRowReader(std::shared_ptr<arrow::RecordBatchReader> batches)
    : batches_(std::move(batches)) {}

bool TextRowReader::advance() {
  while (batch_ == nullptr || position_ == batch_->num_rows()) {
    throw_if_error(batches_->ReadNext(&batch_));
    position_ = 0;
    if (batch_ == nullptr) return false;
  }
  return true;
}

TextRow TextRowReader::row_at(int64_t position) const {
  TextRow row;
  const arrow::StringArray& keys = text_column(*batch_, 0);
  if (keys.IsNull(position)) {
    row.error = kNullKeyError;
  } else {
    row.row_id = keys.GetView(position);
  }
  bool is_first = true;
  for (int column = 1; column < batch_->num_columns(); ++column) {
    const arrow::StringArray& cells = text_column(*batch_, column);
    if (cells.IsNull(position)) continue;
    if (!is_first) row.text += ' ';
    row.text += cells.GetView(position);
    is_first = false;
  }
  if (row.is_ok() && row.text.empty()) row.error = kEmptyTextError;
  return row;
}

std::vector<TextRow> TextRowReader::next(size_t max_rows, size_t max_bytes) {
  std::vector<TextRow> rows;
  size_t bytes = 0;
  while (rows.size() < max_rows && bytes <= max_bytes && advance()) {
    rows.push_back(row_at(position_++));
    bytes += rows.back().text.size();
  }
  return rows;
}

}  // namespace jammi::inference
