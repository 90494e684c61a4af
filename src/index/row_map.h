#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/file_system.h"

namespace jammi::index {

/// Appends the bytes of a row map's start and of row ids to `out`.
void append_row_map_header(std::string& out);
void append_row_map_entry(std::string& out, std::string_view row_id);

/// The row ids of a table by position, over a mapped `<name>.rowmap`.
class RowMap {
 public:
  /// Throws DataCorruption unless the file holds exactly `count` whole entries.
  RowMap(std::unique_ptr<io::FileBytes> file, uint64_t count);

  std::string_view operator[](uint64_t row) const;

 private:
  std::unique_ptr<io::FileBytes> file_;
  std::vector<uint64_t> offsets_;  // of each entry's length field
};

}  // namespace jammi::index
