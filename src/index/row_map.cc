// Row map, little-endian:
//
//   u32 version = 1
//   for each row, in table order:
//     u32 length
//     length bytes of UTF-8: the row id
//
// There is no count: the manifest has it, and the file ends with the last entry.
#include "index/row_map.h"

#include <bit>
#include <cstring>
#include <utility>

#include <jammi/error.h>

namespace jammi::index {
namespace {

static_assert(std::endian::native == std::endian::little, "sidecar files are written as they lie in memory");

constexpr uint32_t kVersion = 1;
constexpr size_t kFieldSize = sizeof(uint32_t);

uint32_t read_field(std::span<const std::byte> bytes, uint64_t offset) {
  uint32_t field;
  std::memcpy(&field, bytes.data() + offset, sizeof field);
  return field;
}

void append_field(std::string& out, uint32_t field) {
  out.append(reinterpret_cast<const char*>(&field), sizeof field);
}

Error damaged(const char* reason) {
  return Error(ErrorCode::DataCorruption, ErrorCategory::Storage,
               std::string("the row map is damaged: ") + reason);
}

}  // namespace

void append_row_map_header(std::string& out) {
  append_field(out, kVersion);
}

void append_row_map_entry(std::string& out, std::string_view row_id) {
  append_field(out, static_cast<uint32_t>(row_id.size()));
  out += row_id;
}

RowMap::RowMap(std::unique_ptr<io::FileBytes> file, uint64_t count) : file_(std::move(file)) {
  const std::span<const std::byte> bytes = file_->bytes();
  if (bytes.size() < kFieldSize || read_field(bytes, 0) != kVersion) throw damaged("unknown version");
  if (count > bytes.size() / kFieldSize) throw damaged("entries are missing");
  offsets_.reserve(count);
  uint64_t offset = kFieldSize;
  for (uint64_t row = 0; row < count; ++row) {
    if (bytes.size() - offset < kFieldSize) throw damaged("entries are missing");
    const uint32_t length = read_field(bytes, offset);
    if (bytes.size() - offset - kFieldSize < length) throw damaged("an entry is cut short");
    offsets_.push_back(offset);
    offset += kFieldSize + length;
  }
  if (offset != bytes.size()) throw damaged("it has too many entries");
}

std::string_view RowMap::operator[](uint64_t row) const {
  const std::span<const std::byte> bytes = file_->bytes();
  const uint64_t offset = offsets_[row];
  return {reinterpret_cast<const char*>(bytes.data()) + offset + kFieldSize, read_field(bytes, offset)};
}

}  // namespace jammi::index
