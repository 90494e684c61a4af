#include "sql/cells.h"

#include <duckdb/common/vector/flat_vector.hpp>
#include <duckdb/common/vector/string_vector.hpp>

namespace jammi::sql {
namespace {

using duckdb::FlatVector;
using duckdb::LogicalType;
using duckdb::LogicalTypeId;

template <typename T>
int64_t integer_at(const duckdb::Vector& vector, size_t row) {
  return static_cast<int64_t>(FlatVector::GetData<T>(vector)[row]);
}

Cell cell_at(const duckdb::Vector& vector, size_t row) {
  if (FlatVector::IsNull(vector, row)) return std::monostate();
  switch (vector.GetType().id()) {
    case LogicalTypeId::BOOLEAN:
      return integer_at<bool>(vector, row);
    case LogicalTypeId::TINYINT:
      return integer_at<int8_t>(vector, row);
    case LogicalTypeId::SMALLINT:
      return integer_at<int16_t>(vector, row);
    case LogicalTypeId::INTEGER:
      return integer_at<int32_t>(vector, row);
    case LogicalTypeId::BIGINT:
      return integer_at<int64_t>(vector, row);
    case LogicalTypeId::UTINYINT:
      return integer_at<uint8_t>(vector, row);
    case LogicalTypeId::USMALLINT:
      return integer_at<uint16_t>(vector, row);
    case LogicalTypeId::UINTEGER:
      return integer_at<uint32_t>(vector, row);
    case LogicalTypeId::UBIGINT:
      return integer_at<uint64_t>(vector, row);
    case LogicalTypeId::FLOAT:
      return static_cast<double>(FlatVector::GetData<float>(vector)[row]);
    case LogicalTypeId::DOUBLE:
      return FlatVector::GetData<double>(vector)[row];
    default: {
      const duckdb::string_t& text = FlatVector::GetData<duckdb::string_t>(vector)[row];
      return std::string_view(text.GetData(), text.GetSize());
    }
  }
}

template <typename T>
void put(duckdb::Vector& vector, size_t row, T value) {
  FlatVector::GetDataMutable<T>(vector)[row] = value;
}

void put_integer(int64_t value, duckdb::Vector& vector, size_t row) {
  switch (vector.GetType().id()) {
    case LogicalTypeId::BOOLEAN:
      return put(vector, row, value != 0);
    case LogicalTypeId::TINYINT:
      return put(vector, row, static_cast<int8_t>(value));
    case LogicalTypeId::SMALLINT:
      return put(vector, row, static_cast<int16_t>(value));
    case LogicalTypeId::INTEGER:
      return put(vector, row, static_cast<int32_t>(value));
    case LogicalTypeId::UTINYINT:
      return put(vector, row, static_cast<uint8_t>(value));
    case LogicalTypeId::USMALLINT:
      return put(vector, row, static_cast<uint16_t>(value));
    case LogicalTypeId::UINTEGER:
      return put(vector, row, static_cast<uint32_t>(value));
    case LogicalTypeId::UBIGINT:
      return put(vector, row, static_cast<uint64_t>(value));
    default:
      return put(vector, row, value);
  }
}

}  // namespace

LogicalType logical_type(ColumnType type) {
  switch (type) {
    case ColumnType::Boolean:
      return LogicalType::BOOLEAN;
    case ColumnType::Int8:
      return LogicalType::TINYINT;
    case ColumnType::Int16:
      return LogicalType::SMALLINT;
    case ColumnType::Int32:
      return LogicalType::INTEGER;
    case ColumnType::Int64:
      return LogicalType::BIGINT;
    case ColumnType::UInt8:
      return LogicalType::UTINYINT;
    case ColumnType::UInt16:
      return LogicalType::USMALLINT;
    case ColumnType::UInt32:
      return LogicalType::UINTEGER;
    case ColumnType::UInt64:
      return LogicalType::UBIGINT;
    case ColumnType::Float32:
      return LogicalType::FLOAT;
    case ColumnType::Float64:
      return LogicalType::DOUBLE;
    case ColumnType::Utf8:
      return LogicalType::VARCHAR;
    case ColumnType::Binary:
      return LogicalType::BLOB;
  }
  return LogicalType::INVALID;
}

OwnedCell to_cell(const duckdb::Value& value) {
  if (value.IsNull()) return std::monostate();
  switch (value.type().id()) {
    case LogicalTypeId::BOOLEAN:
      return static_cast<int64_t>(value.GetValue<bool>());
    case LogicalTypeId::UBIGINT:
      return static_cast<int64_t>(value.GetValue<uint64_t>());
    case LogicalTypeId::FLOAT:
    case LogicalTypeId::DOUBLE:
      return value.GetValue<double>();
    case LogicalTypeId::VARCHAR:
    case LogicalTypeId::BLOB:
      return duckdb::StringValue::Get(value);
    default:
      return value.GetValue<int64_t>();
  }
}

void put_cell(const Cell& cell, duckdb::Vector& vector, size_t row) {
  if (std::holds_alternative<std::monostate>(cell)) {
    FlatVector::SetNull(vector, row, true);
  } else if (const auto* integer = std::get_if<int64_t>(&cell)) {
    put_integer(*integer, vector, row);
  } else if (const auto* real = std::get_if<double>(&cell)) {
    if (vector.GetType().id() == LogicalTypeId::FLOAT) {
      put(vector, row, static_cast<float>(*real));
    } else {
      put(vector, row, *real);
    }
  } else {
    const auto bytes = std::get<std::string_view>(cell);
    put(vector, row, duckdb::StringVector::AddStringOrBlob(vector, bytes.data(), bytes.size()));
  }
}

ChunkRows::ChunkRows(duckdb::DataChunk& chunk, const std::vector<size_t>& columns)
    : num_rows_(chunk.size()), cells_(columns.size()) {
  chunk.Flatten();
  for (size_t column : columns) vectors_.push_back(&chunk.data[column]);
}

std::span<const Cell> ChunkRows::row(size_t position) {
  for (size_t i = 0; i < cells_.size(); ++i) cells_[i] = cell_at(*vectors_[i], position);
  return cells_;
}

}  // namespace jammi::sql
