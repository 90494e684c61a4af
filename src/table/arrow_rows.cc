#include "table/arrow_rows.h"

#include <string>

#include <arrow/api.h>

#include <jammi/error.h>

#include "sql/arrow_status.h"

namespace jammi {
namespace table {
namespace {

using sql::Cell;
using sql::throw_if_error;

std::shared_ptr<arrow::DataType> arrow_type(ColumnType type) {
  switch (type) {
    case ColumnType::Boolean:
      return arrow::boolean();
    case ColumnType::Int8:
      return arrow::int8();
    case ColumnType::Int16:
      return arrow::int16();
    case ColumnType::Int32:
      return arrow::int32();
    case ColumnType::Int64:
      return arrow::int64();
    case ColumnType::UInt8:
      return arrow::uint8();
    case ColumnType::UInt16:
      return arrow::uint16();
    case ColumnType::UInt32:
      return arrow::uint32();
    case ColumnType::UInt64:
      return arrow::uint64();
    case ColumnType::Float32:
      return arrow::float32();
    case ColumnType::Float64:
      return arrow::float64();
    case ColumnType::Utf8:
      return arrow::utf8();
    case ColumnType::Binary:
      return arrow::binary();
  }
  return arrow::null();
}

/// Appends one value to the builder of a type.
class Append : public arrow::TypeVisitor {
 public:
  Append(arrow::ArrayBuilder& builder, const Cell& cell) : builder_(builder), cell_(cell) {}

  arrow::Status Visit(const arrow::BooleanType&) override { return integer<arrow::BooleanBuilder>(); }
  arrow::Status Visit(const arrow::Int8Type&) override { return integer<arrow::Int8Builder>(); }
  arrow::Status Visit(const arrow::Int16Type&) override { return integer<arrow::Int16Builder>(); }
  arrow::Status Visit(const arrow::Int32Type&) override { return integer<arrow::Int32Builder>(); }
  arrow::Status Visit(const arrow::Int64Type&) override { return integer<arrow::Int64Builder>(); }
  arrow::Status Visit(const arrow::UInt8Type&) override { return integer<arrow::UInt8Builder>(); }
  arrow::Status Visit(const arrow::UInt16Type&) override { return integer<arrow::UInt16Builder>(); }
  arrow::Status Visit(const arrow::UInt32Type&) override { return integer<arrow::UInt32Builder>(); }
  arrow::Status Visit(const arrow::UInt64Type&) override { return integer<arrow::UInt64Builder>(); }
  arrow::Status Visit(const arrow::FloatType&) override { return real<arrow::FloatBuilder>(); }
  arrow::Status Visit(const arrow::DoubleType&) override { return real<arrow::DoubleBuilder>(); }
  arrow::Status Visit(const arrow::StringType&) override { return bytes<arrow::StringBuilder>(); }
  arrow::Status Visit(const arrow::BinaryType&) override { return bytes<arrow::BinaryBuilder>(); }

 private:
  template <typename Builder>
  arrow::Status integer() {
    using Value = typename Builder::value_type;
    return static_cast<Builder&>(builder_).Append(static_cast<Value>(std::get<int64_t>(cell_)));
  }
  template <typename Builder>
  arrow::Status real() {
    using Value = typename Builder::value_type;
    return static_cast<Builder&>(builder_).Append(static_cast<Value>(std::get<double>(cell_)));
  }
  template <typename Builder>
  arrow::Status bytes() {
    return static_cast<Builder&>(builder_).Append(std::get<std::string_view>(cell_));
  }

  arrow::ArrayBuilder& builder_;
  const Cell& cell_;
};

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

ArrowRows::ArrowRows(const std::vector<MutableColumn>& columns) {
  arrow::FieldVector fields;
  for (const MutableColumn& column : columns) {
    fields.push_back(arrow::field(column.name, arrow_type(column.type), column.is_nullable));
    builders_.push_back(sql::value_or_throw(arrow::MakeBuilder(fields.back()->type())));
  }
  schema_ = arrow::schema(std::move(fields));
}

ArrowRows::~ArrowRows() = default;

void ArrowRows::append(const sql::RowCursor& row) {
  for (size_t i = 0; i < builders_.size(); ++i) {
    const Cell cell = row.cell(i);
    arrow::ArrayBuilder& builder = *builders_[i];
    if (std::holds_alternative<std::monostate>(cell)) {
      throw_if_error(builder.AppendNull());
    } else {
      Append append(builder, cell);
      throw_if_error(builder.type()->Accept(&append));
    }
  }
}

std::shared_ptr<arrow::RecordBatch> ArrowRows::finish() {
  arrow::ArrayVector arrays;
  for (const auto& builder : builders_) arrays.push_back(sql::value_or_throw(builder->Finish()));
  const int64_t num_rows = arrays.front()->length();
  return arrow::RecordBatch::Make(schema_, num_rows, std::move(arrays));
}

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
    while (type < kNumTypes && !field->type()->Equals(table::arrow_type(static_cast<ColumnType>(type))))
      ++type;
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
