#pragma once

#include <cstdint>
#include <memory>

#include <arrow/type.h>

namespace jammi::storage {

/// The columns of docs/formats/result-table.md.
std::shared_ptr<arrow::Schema> result_table_schema(uint32_t dimensions);

inline constexpr int kRowIdColumn = 0;
inline constexpr int kVectorColumn = 3;

/// Key of the footer's metadata whose value is `TableDefinition::to_json`.
inline constexpr char kDefinitionKey[] = "jammi.definition";

}  // namespace jammi::storage
