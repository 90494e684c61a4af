#include "table/batch_cells.h"

#include <string>

#include <arrow/api.h>

#include <jammi/error.h>

#include "sql/arrow_rows.h"
#include "sql/arrow_status.h"

namespace jammi {
namespace table {
namespace {

using sql::arrow_type;
using sql::Cell;
using sql::throw_if_error;

/// Reads one value of an array, which is not null.
class Read : public arrow::ArrayVisitor {
 public:
  Read(int64_t row, Cell& cell) : row_(row), cell_(cell) {}

  arrow::Status Visit(const arrow::BooleanArray& array) override { return integer(array); }
  arrow::Status Visit(const arrow::Int8Array& array) override { return integer(array); }
  arrow::Status Visit(const arrow::Int16Array& array) override { return integer(array); }
  arrow::Status Visit(const arrow::Int32Array& array) override { return integer(array); }
  arrow::Status Visit(const arrow::Int64Array& array) override { return integer(array); }
  arrow::Status Visit(const arrow::UInt8Array& array) override { return integer(array); }
  arrow::Status Visit(const arrow::UInt16Array& array) override { return integer(array); }
  arrow::Status Visit(const arrow::UInt32Array& array) override { return integer(array); }
  arrow::Status Visit(const arrow::UInt64Array& array) override { return integer(array); }
  arrow::Status Visit(const arrow::FloatArray& array) override { return real(array); }
  arrow::Status Visit(const arrow::DoubleArray& array) override { return real(array); }
  arrow::Status Visit(const arrow::StringArray& array) override { return bytes(array); }
  arrow::Status Visit(const arrow::BinaryArray& array) override { return bytes(array); }

 private:
  template <typename Array>
  arrow::Status integer(const Array& array) {
    cell_ = static_cast<int64_t>(array.Value(row_));
    return arrow::Status::OK();
  }
  template <typename Array>
  arrow::Status real(const Array& array) {
    cell_ = static_cast<double>(array.Value(row_));
    return arrow::Status::OK();
  }
  template <typename Array>
  arrow::Status bytes(const Array& array) {
    cell_ = std::string_view(array.GetView(row_));
    return arrow::Status::OK();
  }

  const int64_t row_;
  Cell& cell_;
};

[[noreturn]] void refuse_batch(const MutableTableDefinition& table, const std::string& detail) {
  throw Error(ErrorCode::InvalidArgument, ErrorCategory::MutableTable,
              "batch schema does not match mutable table '" + table.id + "': " + detail);
}

}  // namespace

BatchCells::BatchCells(const MutableTableDefinition& table, const arrow::RecordBatch& batch)
    : columns_(batch.columns()) {
  if (columns_.size() != table.columns.size()) {
    refuse_batch(table, std::to_string(columns_.size()) + " columns, expected " +
                            std::to_string(table.columns.size()));
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    const MutableColumn& column = table.columns[i];
    const arrow::Field& field = *batch.schema()->field(static_cast<int>(i));
    if (field.name() == column.name && field.type()->Equals(arrow_type(column.type))) continue;
    refuse_batch(table, "column " + std::to_string(i) + " is '" + field.name() + "' " +
                            field.type()->ToString() + ", expected '" + column.name + "' " +
                            arrow_type(column.type)->ToString());
  }
  const arrow::Status valid = batch.ValidateFull();
  if (!valid.ok()) refuse_batch(table, valid.message());
}

void BatchCells::read(int64_t row, std::vector<sql::Cell>& cells) const {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i]->IsNull(row)) {
      cells[i] = std::monostate();
    } else {
      Read read(row, cells[i]);
      throw_if_error(columns_[i]->Accept(&read));
    }
  }
}

}  // namespace table

std::vector<MutableColumn> columns_of(const arrow::Schema& schema) {
  constexpr int kNumTypes = static_cast<int>(ColumnType::Binary) + 1;
  std::vector<MutableColumn> columns;
  for (const auto& field : schema.fields()) {
    int type = 0;
    while (type < kNumTypes && !field->type()->Equals(sql::arrow_type(static_cast<ColumnType>(type)))) ++type;
    if (type == kNumTypes) {
      throw Error(ErrorCode::Unsupported, ErrorCategory::MutableTable,
                  "schema validation: column '" + field->name() +
                      "' has an unsupported type: " + field->type()->ToString());
    }
    columns.push_back(
        {.name = field->name(), .type = static_cast<ColumnType>(type), .is_nullable = field->nullable()});
  }
  return columns;
}

}  // namespace jammi
