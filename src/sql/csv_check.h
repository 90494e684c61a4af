#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace jammi::sql {

/// A line of a CSV file that has more or fewer fields than the header.
struct RaggedLine {
  uint64_t line = 0;  ///< counted from 1; of a record that spans lines, its first
  size_t num_fields = 0;
  size_t num_header_fields = 0;
};

/// The first ragged record of a comma-separated file with double quotes (RFC 4180). Empty lines are skipped.
/// Empty when there is none or the file cannot be read as text.
std::optional<RaggedLine> find_ragged_line(const std::string& path);

}  // namespace jammi::sql
