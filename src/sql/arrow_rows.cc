#include "sql/arrow_rows.h"

#include <arrow/api.h>

#include "sql/arrow_status.h"

namespace jammi::sql {
namespace {

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

}  // namespace

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

ArrowRows::ArrowRows(const std::vector<MutableColumn>& columns) {
  arrow::FieldVector fields;
  for (const MutableColumn& column : columns) {
    fields.push_back(arrow::field(column.name, arrow_type(column.type), column.is_nullable));
    builders_.push_back(value_or_throw(arrow::MakeBuilder(fields.back()->type())));
  }
  schema_ = arrow::schema(std::move(fields));
}

ArrowRows::~ArrowRows() = default;

void ArrowRows::append(const RowCursor& row) {
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
  for (const auto& builder : builders_) arrays.push_back(value_or_throw(builder->Finish()));
  const int64_t num_rows = arrays.front()->length();
  return arrow::RecordBatch::Make(schema_, num_rows, std::move(arrays));
}

}  // namespace jammi::sql
