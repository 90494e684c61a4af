#include <array>
#include <utility>

#include <jammi/error.h>
#include <jammi/mutable_table.h>

#include "catalog/mutable_table_rules.h"

namespace jammi {
namespace {

constexpr std::array<std::string_view, 13> kTypeNames{"Boolean", "Int8",   "Int16",  "Int32",  "Int64",
                                                      "UInt8",   "UInt16", "UInt32", "UInt64", "Float32",
                                                      "Float64", "Utf8",   "Binary"};

}  // namespace

std::string_view to_string(ColumnType type) noexcept {
  return kTypeNames[static_cast<size_t>(type)];
}

ColumnType parse_column_type(std::string_view word) {
  std::string expected;
  for (size_t i = 0; i < kTypeNames.size(); ++i) {
    if (kTypeNames[i] == word) return static_cast<ColumnType>(i);
    expected += (i == 0 ? "" : ", ") + std::string(kTypeNames[i]);
  }
  throw Error(ErrorCode::InvalidArgument, ErrorCategory::MutableTable,
              "unsupported schema type '" + std::string(word) + "'; expected one of " + expected);
}

MutableTableBuilder::MutableTableBuilder(std::string id, std::vector<MutableColumn> columns) {
  definition_.id = std::move(id);
  definition_.columns = std::move(columns);
}

MutableTableBuilder& MutableTableBuilder::column(std::string name, ColumnType type) {
  definition_.columns.push_back({.name = std::move(name), .type = type});
  return *this;
}

MutableTableBuilder& MutableTableBuilder::nullable_column(std::string name, ColumnType type) {
  definition_.columns.push_back({.name = std::move(name), .type = type, .is_nullable = true});
  return *this;
}

MutableTableBuilder& MutableTableBuilder::primary_key(std::vector<std::string> columns) {
  definition_.primary_key = std::move(columns);
  return *this;
}

MutableTableBuilder& MutableTableBuilder::index(MutableIndex index) {
  definition_.indexes.push_back(std::move(index));
  return *this;
}

MutableTableBuilder& MutableTableBuilder::order_column(std::string column) {
  definition_.order_column = std::move(column);
  return *this;
}

MutableTableBuilder& MutableTableBuilder::chunk_size(uint64_t rows) {
  definition_.chunk_size = rows;
  return *this;
}

MutableTableBuilder& MutableTableBuilder::user_metadata(std::string json) {
  definition_.user_metadata = std::move(json);
  return *this;
}

MutableTableDefinition MutableTableBuilder::build() const {
  catalog::require_valid(definition_);
  return definition_;
}

}  // namespace jammi
