#include "model/onnx/onnx_file.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include <jammi/error.h>

#include "io/local_file_system.h"

// An ONNX file is one protobuf message, ModelProto (onnx.proto of the ONNX standard). A message is a sequence
// of fields:
//
//   | varint: number << 3 | wire type | varint (0) or 8 bytes (1) or varint n, n bytes (2) or 4 bytes (5) |
//
// A tensor that is kept elsewhere has entries {key, value} in its external_data; "location" is the file.

namespace jammi::model {
namespace {

constexpr int kMaxDepth = 100;  // the limit of protobuf's own reader

enum class Message { Model, Graph, Node, Attribute, Tensor, SparseTensor, Function, Training, Entry };

/// A field of a message that is a message on the way to tensors.
struct Child {
  Message parent;
  uint64_t number;
  Message child;
};

constexpr std::array<Child, 20> kChildren{{
    {Message::Model, 7, Message::Graph},
    {Message::Model, 20, Message::Training},
    {Message::Model, 25, Message::Function},
    {Message::Training, 1, Message::Graph},
    {Message::Training, 2, Message::Graph},
    {Message::Graph, 1, Message::Node},
    {Message::Graph, 5, Message::Tensor},
    {Message::Graph, 15, Message::SparseTensor},
    {Message::Function, 7, Message::Node},
    {Message::Function, 11, Message::Attribute},
    {Message::Node, 5, Message::Attribute},
    {Message::Attribute, 5, Message::Tensor},
    {Message::Attribute, 6, Message::Graph},
    {Message::Attribute, 10, Message::Tensor},
    {Message::Attribute, 11, Message::Graph},
    {Message::Attribute, 22, Message::SparseTensor},
    {Message::Attribute, 23, Message::SparseTensor},
    {Message::SparseTensor, 1, Message::Tensor},
    {Message::SparseTensor, 2, Message::Tensor},
    {Message::Tensor, 13, Message::Entry},
}};

constexpr uint64_t kEntryKey = 1;
constexpr uint64_t kEntryValue = 2;

std::optional<Message> child_of(Message parent, uint64_t number) {
  const auto found = std::ranges::find_if(
      kChildren, [&](const Child& child) { return child.parent == parent && child.number == number; });
  if (found == kChildren.end()) return std::nullopt;
  return found->child;
}

Error corrupt(std::string_view problem, const std::string& where) {
  return Error(ErrorCode::DataCorruption, ErrorCategory::Model, std::string(problem) + ": " + where);
}

/// Collects the locations of external data from a file's bytes.
class LocationReader {
 public:
  explicit LocationReader(const std::filesystem::path& file) : file_(file) {}

  void read(Message message, std::string_view bytes, int depth) {
    if (depth > kMaxDepth) fail("nested too deeply");
    std::string_view key, value;
    while (!bytes.empty()) {
      const uint64_t tag = take_varint(bytes);
      const uint64_t number = tag >> 3;
      if (number == 0) fail("field 0");
      const std::optional<std::string_view> content = take_content(tag & 7, bytes);
      if (!content) continue;
      if (message == Message::Entry && number == kEntryKey) key = *content;
      if (message == Message::Entry && number == kEntryValue) value = *content;
      if (const auto child = child_of(message, number)) read(*child, *content, depth + 1);
    }
    if (key == "location") locations_.emplace(value);
  }

  const std::set<std::string>& locations() const { return locations_; }

 private:
  [[noreturn]] void fail(const char* problem) const {
    throw corrupt("not an ONNX file", file_.string() + ": " + problem);
  }

  uint64_t take_varint(std::string_view& bytes) const {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes.empty()) fail("cut in a number");
      const auto byte = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    fail("number of more than 64 bits");
  }

  /// The content of a length-delimited field; nothing for the others, which are passed over.
  std::optional<std::string_view> take_content(uint64_t wire_type, std::string_view& bytes) const {
    uint64_t size = 0;
    switch (wire_type) {
      case 0:
        take_varint(bytes);
        return std::nullopt;
      case 1:
        size = 8;
        break;
      case 2:
        size = take_varint(bytes);
        break;
      case 5:
        size = 4;
        break;
      default:
        fail("unknown wire type");
    }
    if (size > bytes.size()) fail("cut in a field");
    const std::string_view content = bytes.substr(0, size);
    bytes.remove_prefix(size);
    if (wire_type != 2) return std::nullopt;
    return content;
  }

  const std::filesystem::path& file_;
  std::set<std::string> locations_;
};

/// Whether a location names a file in the folder of its ONNX file or below. Beside paths, ONNX Runtime knows
/// a word for an address in memory, which begins with '*'.
bool stays_inside(const std::filesystem::path& location) {
  return !location.empty() && location.is_relative() && !location.native().starts_with('*') &&
         std::ranges::find(location, "..") == location.end();
}

}  // namespace

std::vector<std::filesystem::path> external_data_files(const std::filesystem::path& onnx_file) {
  const auto mapped = io::local_file_system()->map(onnx_file.string());
  const std::span<const std::byte> bytes = mapped->bytes();
  LocationReader reader(onnx_file);
  reader.read(Message::Model, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, 0);

  std::vector<std::filesystem::path> files;
  for (const std::string& location : reader.locations()) {
    const std::string where = onnx_file.string() + ": " + location;
    if (!stays_inside(location)) throw corrupt("external data outside the model's folder", where);
    files.push_back(onnx_file.parent_path() / location);
    std::error_code error;
    if (!std::filesystem::is_regular_file(files.back(), error)) {
      throw corrupt("external data that does not exist", where);
    }
  }
  return files;
}

}  // namespace jammi::model
