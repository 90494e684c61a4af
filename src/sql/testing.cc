#include "sql/testing.h"

#include <arrow/api.h>

#include "sql/arrow_status.h"

namespace jammi::sql::testing {

std::string value_text(const arrow::Scalar& value) {
  if (!value.is_valid) return "NULL";
  if (arrow::is_list_like(value.type->id())) {
    const arrow::Array& items = *static_cast<const arrow::BaseListScalar&>(value).value;
    std::string text = "[";
    for (int64_t i = 0; i < items.length(); ++i) {
      text += (i == 0 ? "" : ", ") + value_text(*value_or_throw(items.GetScalar(i)));
    }
    return text + "]";
  }
  if (value.type->id() == arrow::Type::STRUCT) {
    std::string text = "{";
    for (int i = 0; i < value.type->num_fields(); ++i) {
      text += (i == 0 ? "" : ", ") + value.type->field(i)->name() + ": " +
              value_text(*static_cast<const arrow::StructScalar&>(value).value[i]);
    }
    return text + "}";
  }
  return value.ToString();
}

std::vector<Row> read_rows(arrow::RecordBatchReader& reader) {
  std::vector<Row> rows;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    throw_if_error(reader.ReadNext(&batch));
    if (batch == nullptr) return rows;
    for (int64_t i = 0; i < batch->num_rows(); ++i) {
      Row& row = rows.emplace_back();
      for (const auto& column : batch->columns()) {
        row.push_back(value_text(*value_or_throw(column->GetScalar(i))));
      }
    }
  }
}

Row column_names(arrow::RecordBatchReader& reader) {
  return reader.schema()->field_names();
}

}  // namespace jammi::sql::testing
