#include "sql/csv_check.h"

#include <fstream>

namespace jammi::sql {

std::optional<RaggedLine> find_ragged_line(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  RaggedLine record{.line = 1, .num_fields = 1};
  uint64_t line = 1;
  bool is_quoted = false;
  bool is_empty = true;
  for (int c = file.get(); c != std::ifstream::traits_type::eof(); c = file.get()) {
    if (c == '"') is_quoted = !is_quoted;  // a doubled quote switches twice
    if (c == ',' && !is_quoted) ++record.num_fields;
    if (c != '\n') {
      is_empty = is_empty && c == '\r';
      continue;
    }
    ++line;
    if (is_quoted) continue;
    if (!is_empty) {
      if (record.num_header_fields == 0) record.num_header_fields = record.num_fields;
      if (record.num_fields != record.num_header_fields) return record;
    }
    record = {.line = line, .num_fields = 1, .num_header_fields = record.num_header_fields};
    is_empty = true;
  }
  bool is_last_ragged =
      !is_empty && record.num_header_fields != 0 && record.num_fields != record.num_header_fields;
  return is_last_ragged ? std::optional(record) : std::nullopt;
}

}  // namespace jammi::sql
