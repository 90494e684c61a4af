#include "cli/cell_text.h"

#include <charconv>
#include <cmath>
#include <string_view>

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/scalar.h>
#include <arrow/util/checked_cast.h>
#include <arrow/util/float16.h>
#include <fmt/format.h>

#include <jammi/error.h>

#include "cli/display_width.h"
#include "cli/temporal_text.h"

namespace jammi::cli {
namespace {

using arrow::internal::checked_cast;

class ValueWriter {
 public:
  ValueWriter(Notation notation, std::string& out) : notation_(notation), out_(out) {}

  void write(const arrow::Array& column, int64_t row);

  /// A value inside another one, where plain notation must show that a NULL is there.
  void write_nested(const arrow::Array& column, int64_t row) {
    if (column.IsNull(row) && !is_json()) {
      out_ += "NULL";
    } else {
      write(column, row);
    }
  }

 private:
  bool is_json() const { return notation_ == Notation::Json; }

  void write_text(std::string_view text) {
    if (is_json()) {
      append_json_string(text, out_);
    } else {
      out_ += text;
    }
  }

  void write_bytes(std::string_view bytes) {
    std::string hex;
    for (unsigned char byte : bytes) hex += fmt::format("{:02x}", byte);
    write_text(hex);
  }

  template <typename Float>
  void write_float(Float value) {
    if (!std::isfinite(value)) {
      out_ += is_json() ? "null" : std::isnan(value) ? "NaN" : value < 0 ? "-inf" : "inf";
      return;
    }
    char digits[32];
    char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    std::string_view text(digits, static_cast<size_t>(end - digits));
    out_ += text;
    if (text.find_first_of(".e") == std::string_view::npos) out_ += ".0";
  }

  void write_elements(const arrow::Array& values, int64_t begin, int64_t end) {
    out_ += '[';
    for (int64_t i = begin; i < end; ++i) {
      if (i != begin) out_ += is_json() ? "," : ", ";
      write_nested(values, i);
    }
    out_ += ']';
  }

  template <typename ListArray>
  void write_list(const arrow::Array& column, int64_t row) {
    const auto& list = checked_cast<const ListArray&>(column);
    write_elements(*list.values(), list.value_offset(row), list.value_offset(row) + list.value_length(row));
  }

  void write_struct(const arrow::StructArray& column, int64_t row) {
    out_ += '{';
    for (int i = 0; i < column.num_fields(); ++i) {
      if (i != 0) out_ += is_json() ? "," : ", ";
      write_text(column.struct_type()->field(i)->name());
      out_ += is_json() ? ":" : ": ";
      write_nested(*column.field(i), row);
    }
    out_ += '}';
  }

  void write_map(const arrow::MapArray& column, int64_t row) {
    out_ += '{';
    for (int64_t i = column.value_offset(row); i < column.value_offset(row + 1); ++i) {
      if (i != column.value_offset(row)) out_ += is_json() ? "," : ", ";
      std::string key;
      append_value(*column.keys(), i, Notation::Plain, key);
      write_text(key);
      out_ += is_json() ? ":" : ": ";
      write_nested(*column.items(), i);
    }
    out_ += '}';
  }

  template <typename ConcreteArray>
  void write_number(const arrow::Array& column, int64_t row) {
    out_ += std::to_string(checked_cast<const ConcreteArray&>(column).Value(row));
  }

  template <typename ConcreteArray>
  void write_decimal(const arrow::Array& column, int64_t row) {
    out_ += checked_cast<const ConcreteArray&>(column).FormatValue(row);
  }

  template <typename ConcreteArray>
  std::string_view view(const arrow::Array& column, int64_t row) {
    return checked_cast<const ConcreteArray&>(column).GetView(row);
  }

  const Notation notation_;
  std::string& out_;
};

void ValueWriter::write(const arrow::Array& column, int64_t row) {
  if (column.IsNull(row)) {
    if (is_json()) out_ += "null";
    return;
  }
  switch (column.type_id()) {
    case arrow::Type::BOOL:
      out_ += checked_cast<const arrow::BooleanArray&>(column).Value(row) ? "true" : "false";
      break;
    case arrow::Type::INT8:
      return write_number<arrow::Int8Array>(column, row);
    case arrow::Type::INT16:
      return write_number<arrow::Int16Array>(column, row);
    case arrow::Type::INT32:
      return write_number<arrow::Int32Array>(column, row);
    case arrow::Type::INT64:
      return write_number<arrow::Int64Array>(column, row);
    case arrow::Type::UINT8:
      return write_number<arrow::UInt8Array>(column, row);
    case arrow::Type::UINT16:
      return write_number<arrow::UInt16Array>(column, row);
    case arrow::Type::UINT32:
      return write_number<arrow::UInt32Array>(column, row);
    case arrow::Type::UINT64:
      return write_number<arrow::UInt64Array>(column, row);
    case arrow::Type::HALF_FLOAT:
      return write_float(
          arrow::util::Float16::FromBits(checked_cast<const arrow::HalfFloatArray&>(column).Value(row))
              .ToFloat());
    case arrow::Type::FLOAT:
      return write_float(checked_cast<const arrow::FloatArray&>(column).Value(row));
    case arrow::Type::DOUBLE:
      return write_float(checked_cast<const arrow::DoubleArray&>(column).Value(row));
    case arrow::Type::DECIMAL32:
      return write_decimal<arrow::Decimal32Array>(column, row);
    case arrow::Type::DECIMAL64:
      return write_decimal<arrow::Decimal64Array>(column, row);
    case arrow::Type::DECIMAL128:
      return write_decimal<arrow::Decimal128Array>(column, row);
    case arrow::Type::DECIMAL256:
      return write_decimal<arrow::Decimal256Array>(column, row);
    case arrow::Type::STRING:
      return write_text(view<arrow::StringArray>(column, row));
    case arrow::Type::LARGE_STRING:
      return write_text(view<arrow::LargeStringArray>(column, row));
    case arrow::Type::STRING_VIEW:
      return write_text(view<arrow::StringViewArray>(column, row));
    case arrow::Type::BINARY:
      return write_bytes(view<arrow::BinaryArray>(column, row));
    case arrow::Type::LARGE_BINARY:
      return write_bytes(view<arrow::LargeBinaryArray>(column, row));
    case arrow::Type::BINARY_VIEW:
      return write_bytes(view<arrow::BinaryViewArray>(column, row));
    case arrow::Type::FIXED_SIZE_BINARY:
      return write_bytes(view<arrow::FixedSizeBinaryArray>(column, row));
    case arrow::Type::DATE32:
      return write_text(date_text(checked_cast<const arrow::Date32Array&>(column).Value(row)));
    case arrow::Type::DATE64:
      return write_text(date_text(checked_cast<const arrow::Date64Array&>(column).Value(row) / 86'400'000));
    case arrow::Type::TIME32:
      return write_text(time_text(checked_cast<const arrow::Time32Array&>(column).Value(row),
                                  checked_cast<const arrow::Time32Type&>(*column.type()).unit()));
    case arrow::Type::TIME64:
      return write_text(time_text(checked_cast<const arrow::Time64Array&>(column).Value(row),
                                  checked_cast<const arrow::Time64Type&>(*column.type()).unit()));
    case arrow::Type::TIMESTAMP: {
      const auto& type = checked_cast<const arrow::TimestampType&>(*column.type());
      return write_text(timestamp_text(checked_cast<const arrow::TimestampArray&>(column).Value(row),
                                       type.unit(), !type.timezone().empty()));
    }
    case arrow::Type::INTERVAL_MONTH_DAY_NANO: {
      auto interval = checked_cast<const arrow::MonthDayNanoIntervalArray&>(column).GetValue(row);
      return write_text(interval_text(interval.months, interval.days, interval.nanoseconds));
    }
    case arrow::Type::LIST:
      return write_list<arrow::ListArray>(column, row);
    case arrow::Type::LARGE_LIST:
      return write_list<arrow::LargeListArray>(column, row);
    case arrow::Type::FIXED_SIZE_LIST:
      return write_list<arrow::FixedSizeListArray>(column, row);
    case arrow::Type::STRUCT:
      return write_struct(checked_cast<const arrow::StructArray&>(column), row);
    case arrow::Type::MAP:
      return write_map(checked_cast<const arrow::MapArray&>(column), row);
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = checked_cast<const arrow::DictionaryArray&>(column);
      return write(*dictionary.dictionary(), dictionary.GetValueIndex(row));
    }
    case arrow::Type::EXTENSION:
      return write(*checked_cast<const arrow::ExtensionArray&>(column).storage(), row);
    default: {
      arrow::Result<std::shared_ptr<arrow::Scalar>> scalar = column.GetScalar(row);
      if (!scalar.ok()) {
        throw Error(ErrorCode::Unsupported, ErrorCategory::None,
                    "values of this type have no text form: " + column.type()->ToString());
      }
      return write_text((*scalar)->ToString());
    }
  }
}

}  // namespace

void append_value(const arrow::Array& column, int64_t row, Notation notation, std::string& out) {
  ValueWriter(notation, out).write(column, row);
}

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  for (char c : repaired_utf8(text)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace jammi::cli
