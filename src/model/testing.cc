#include "model/testing.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace jammi::model::testing {

std::filesystem::path tiny_bert() {
  return std::filesystem::path(JAMMI_SOURCE_DIR) / "tests/fixtures/tiny_bert";
}

std::filesystem::path tiny_clip() {
  return std::filesystem::path(JAMMI_SOURCE_DIR) / "tests/fixtures/tiny_clip";
}

void copy_tiny_bert(const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  std::filesystem::copy(tiny_bert(), directory, std::filesystem::copy_options::recursive);
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

void edit_file(const std::filesystem::path& path, std::string_view before, std::string_view after) {
  std::string text = read_file(path);
  size_t position = text.find(before);
  if (position == std::string::npos || text.find(before, position + 1) != std::string::npos) {
    throw std::logic_error("not exactly one occurrence in " + path.string() + ": " + std::string(before));
  }
  write_file(path, text.replace(position, before.size(), after));
}

std::string safetensors_bytes(std::string_view header, size_t num_data_bytes) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i));
  bytes += header;
  bytes.append(num_data_bytes, '\0');
  return bytes;
}

}  // namespace jammi::model::testing
