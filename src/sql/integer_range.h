#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include <jammi/mutable_table.h>

namespace jammi::sql {

struct IntegerRange {
  int64_t min;
  int64_t max;
};

/// The values that a column of integers can hold, as far as an int64_t can; nothing for another type.
constexpr std::optional<IntegerRange> integer_range(ColumnType type) {
  const auto range_of = []<typename Integer>(Integer) {
    using Limits = std::numeric_limits<Integer>;
    return IntegerRange{Limits::min(), Limits::max()};
  };
  switch (type) {
    case ColumnType::Int8:
      return range_of(int8_t());
    case ColumnType::Int16:
      return range_of(int16_t());
    case ColumnType::Int32:
      return range_of(int32_t());
    case ColumnType::Int64:
      return range_of(int64_t());
    case ColumnType::UInt8:
      return range_of(uint8_t());
    case ColumnType::UInt16:
      return range_of(uint16_t());
    case ColumnType::UInt32:
      return range_of(uint32_t());
    case ColumnType::UInt64:
      return IntegerRange{0, std::numeric_limits<int64_t>::max()};
    default:
      return std::nullopt;
  }
}

}  // namespace jammi::sql
