#include "image/testing.h"

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace jammi::image::testing {
namespace {

uint32_t crc32(std::string_view bytes) {
  uint32_t crc = ~0u;
  for (char byte : bytes) {
    crc ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

std::string big_endian(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::string chunk(const std::string& kind, const std::string& data) {
  return big_endian(static_cast<uint32_t>(data.size())) + kind + data + big_endian(crc32(kind + data));
}

std::vector<std::byte> as_bytes(std::string_view text) {
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

}  // namespace

std::filesystem::path fixture_path(std::string_view name) {
  return std::filesystem::path(JAMMI_SOURCE_DIR) / "tests/fixtures/images" / name;
}

std::vector<std::byte> fixture(std::string_view name) {
  std::ifstream file(fixture_path(name), std::ios::binary);
  if (!file) throw std::runtime_error("no such image: " + std::string(name));
  return as_bytes(std::string(std::istreambuf_iterator<char>(file), {}));
}

std::vector<std::byte> png_header(uint32_t width, uint32_t height) {
  using namespace std::string_literals;
  const std::string header = big_endian(width) + big_endian(height) + "\x08\x02\x00\x00\x00"s;
  return as_bytes("\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunk("IDAT", "") + chunk("IEND", ""));
}

}  // namespace jammi::image::testing
