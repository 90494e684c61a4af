#include "fuzz/fuzzer.h"

#include <fstream>
#include <string>

#include <jammi/error.h>

#include "base/testing.h"

namespace jammi::fuzz {

void expect_answer(const std::function<void()>& parse) {
  try {
    parse();
  } catch (const Error&) {
    return;  // refusing the input is one of the two right answers
  }
}

std::string_view as_text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

std::span<const std::byte> as_bytes(const uint8_t* data, size_t size) {
  return std::as_bytes(std::span(data, size));
}

const char* write_input_file(std::span<const std::byte> bytes) {
  static const testing::TemporaryDirectory directory;
  static const std::string path = directory.file("input");
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return path.c_str();
}

}  // namespace jammi::fuzz
