#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/result_store.h"

namespace jammi::storage::testing {

/// A definition for source "patents" with vectors of `dimensions`.
TableDefinition patents_definition(uint32_t dimensions);

/// Ids "r0", "r1", ... and distinct unit vectors, the same in every call.
struct Rows {
  std::vector<std::string> ids;
  std::vector<float> vectors;
};
Rows make_rows(size_t n, uint32_t dimensions);

/// Everything in a table's file.
Rows read_all(ResultTableReader& reader);

}  // namespace jammi::storage::testing
