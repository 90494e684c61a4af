#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace arrow {
class Array;
}

namespace jammi::cli {

/// How values are written. Both use ISO 8601 for times, hexadecimal for bytes, the shortest decimal digits
/// that read back to the same float, and [..] and {..} for nested values.
enum class Notation {
  Plain,  ///< bare text; a NULL is empty, or NULL inside a nested value
  Json,   ///< one JSON value; a NULL, NaN or infinity is null, text that is not UTF-8 is repaired
};

/// Appends the value at `row` of `column`. Throws Unsupported for a type without a text form.
void append_value(const arrow::Array& column, int64_t row, Notation notation, std::string& out);

/// Appends `text` as a JSON string with its quotes.
void append_json_string(std::string_view text, std::string& out);

}  // namespace jammi::cli
