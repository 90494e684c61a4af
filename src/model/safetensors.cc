#include "model/safetensors.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include <jammi/error.h>

#include "io/local_file_system.h"
#include "model/json_file.h"

// A safetensors file:
//
//   | u64 little-endian N | N bytes of JSON, space-padded | tensor bytes ... |
//
// The JSON maps each tensor name to {"dtype", "shape", "data_offsets": [begin, end]}, offsets counted from
// the end of the JSON; "__metadata__" maps strings to strings. The tensors cover the rest of the file without
// gap or overlap.

namespace jammi::model {
namespace {

using nlohmann::json;

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the format's reference reader
constexpr size_t kMaxRank = 16;

constexpr std::array<std::pair<std::string_view, nn::DType>, 10> kDTypes{{
    {"F64", nn::DType::F64},
    {"F32", nn::DType::F32},
    {"F16", nn::DType::F16},
    {"BF16", nn::DType::BF16},
    {"I64", nn::DType::I64},
    {"I32", nn::DType::I32},
    {"I16", nn::DType::I16},
    {"I8", nn::DType::I8},
    {"U8", nn::DType::U8},
    {"BOOL", nn::DType::Bool},
}};

Error corrupt(const std::string& problem, const std::string& where) {
  return Error(ErrorCode::DataCorruption, ErrorCategory::Model, problem + ": " + where);
}

nn::DType parse_dtype(const json& entry, const std::string& where) {
  auto field = entry.find("dtype");
  if (field == entry.end() || !field->is_string()) throw corrupt("tensor without dtype", where);
  const auto& word = field->get_ref<const std::string&>();
  for (const auto& [name, dtype] : kDTypes) {
    if (name == word) return dtype;
  }
  throw Error(ErrorCode::Unsupported, ErrorCategory::Model, "unknown tensor dtype: " + where + ": " + word);
}

std::vector<int64_t> parse_shape(const json& entry, const std::string& where) {
  auto field = entry.find("shape");
  if (field == entry.end() || !field->is_array()) throw corrupt("tensor without shape", where);
  if (field->size() > kMaxRank) throw corrupt("tensor shape has too many dimensions", where);
  std::vector<int64_t> shape;
  for (const json& size : *field) {
    if (!size.is_number_unsigned() || size.get<uint64_t>() > std::numeric_limits<int64_t>::max()) {
      throw corrupt("tensor shape is not made of sizes", where + ": " + field->dump());
    }
    shape.push_back(size.get<int64_t>());
  }
  return shape;
}

/// Bytes of a tensor, or an error when their number overflows.
uint64_t byte_size(nn::DType dtype, const std::vector<int64_t>& shape, const std::string& where) {
  uint64_t bytes = nn::size_of(dtype);
  for (int64_t size : shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes)) {
      throw corrupt("tensor shape is too large", where);
    }
  }
  return bytes;
}

struct ByteRange {
  uint64_t begin = 0;
  uint64_t end = 0;
  const std::string* tensor = nullptr;
};

ByteRange parse_range(const json& entry, uint64_t data_bytes, const std::string& where) {
  auto field = entry.find("data_offsets");
  if (field == entry.end() || !field->is_array() || field->size() != 2 || !(*field)[0].is_number_unsigned() ||
      !(*field)[1].is_number_unsigned()) {
    throw corrupt("tensor without data_offsets", where);
  }
  ByteRange range{(*field)[0].get<uint64_t>(), (*field)[1].get<uint64_t>(), nullptr};
  if (range.begin > range.end || range.end > data_bytes) {
    throw corrupt("tensor lies outside the file", where + ": data_offsets " + field->dump());
  }
  return range;
}

void check_coverage(std::vector<ByteRange> ranges, uint64_t data_bytes, const std::string& file) {
  std::ranges::sort(ranges, {}, [](const ByteRange& range) { return std::pair(range.begin, range.end); });
  uint64_t position = 0;
  for (const ByteRange& range : ranges) {
    if (range.begin < position) throw corrupt("tensor overlaps another", file + ": " + *range.tensor);
    if (range.begin > position) throw corrupt("unused bytes before tensor", file + ": " + *range.tensor);
    position = range.end;
  }
  if (position != data_bytes) throw corrupt("unused bytes after the last tensor", file);
}

struct Header {
  json entries;
  std::span<const std::byte> data;  ///< what the offsets count from
};

Header parse_header(std::span<const std::byte> bytes, const std::string& file) {
  if (bytes.size() < kLengthBytes) throw corrupt("file too short for a safetensors header", file);
  uint64_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) length |= uint64_t{std::to_integer<uint8_t>(bytes[i])} << (8 * i);
  if (length > kMaxHeaderBytes || length > bytes.size() - kLengthBytes) {
    throw corrupt("safetensors header is longer than the file or 100 MB",
                  file + ": " + std::to_string(length) + " bytes");
  }
  std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
  Header header{parse_json(text, file + ": safetensors header"), bytes.subspan(kLengthBytes + length)};
  if (!header.entries.is_object()) throw corrupt("safetensors header is not an object", file);
  return header;
}

}  // namespace

struct Safetensors::State {
  std::vector<std::filesystem::path> files;
  std::vector<std::unique_ptr<io::FileBytes>> contents;
  std::map<std::string, nn::TensorView, std::less<>> tensors;

  void add(const std::filesystem::path& path);
};

void Safetensors::State::add(const std::filesystem::path& path) {
  const std::string file = path.string();
  contents.push_back(io::local_file_system()->map(file));
  files.push_back(path);
  const Header header = parse_header(contents.back()->bytes(), file);

  std::vector<ByteRange> ranges;
  for (const auto& [name, entry] : header.entries.items()) {
    if (name == "__metadata__") continue;
    const std::string where = file + ": " + name;
    if (!entry.is_object()) throw corrupt("tensor entry is not an object", where);
    nn::TensorView view;
    view.dtype = parse_dtype(entry, where);
    view.shape = parse_shape(entry, where);
    ByteRange range = parse_range(entry, header.data.size(), where);
    if (byte_size(view.dtype, view.shape, where) != range.end - range.begin) {
      throw corrupt("tensor's shape does not match its bytes", where);
    }
    view.bytes = header.data.subspan(range.begin, range.end - range.begin);
    auto [position, is_new] = tensors.emplace(name, std::move(view));
    if (!is_new) throw corrupt("tensor is in two files", where);
    range.tensor = &position->first;
    ranges.push_back(range);
  }
  check_coverage(std::move(ranges), header.data.size(), file);
}

Safetensors::Safetensors(std::unique_ptr<State> state) : state_(std::move(state)) {}
Safetensors::~Safetensors() = default;

std::shared_ptr<const Safetensors> Safetensors::open(std::span<const std::filesystem::path> files) {
  auto state = std::make_unique<State>();
  for (const std::filesystem::path& file : files) state->add(file);
  return std::shared_ptr<const Safetensors>(new Safetensors(std::move(state)));
}

std::optional<nn::TensorView> Safetensors::find(std::string_view name) const {
  auto found = state_->tensors.find(name);
  if (found == state_->tensors.end()) return std::nullopt;
  return found->second;
}

std::string Safetensors::description() const {
  if (state_->files.empty()) return "no weight files";
  std::string text = state_->files.front().string();
  if (state_->files.size() > 1) text += " and " + std::to_string(state_->files.size() - 1) + " more files";
  return text;
}

std::vector<std::string> Safetensors::names() const {
  std::vector<std::string> names;
  for (const auto& [name, view] : state_->tensors) names.push_back(name);
  return names;
}

std::vector<std::filesystem::path> safetensors_shards(const std::filesystem::path& index_json) {
  const std::string where = index_json.string();
  json index = read_json(index_json);
  if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object()) {
    throw corrupt("safetensors index without weight_map", where);
  }
  std::set<std::string> names;
  for (const auto& [tensor, file] : index["weight_map"].items()) {
    if (!file.is_string()) throw corrupt("safetensors index names no file", where + ": " + tensor);
    names.insert(file.get<std::string>());
  }
  if (names.empty()) throw corrupt("safetensors index is empty", where);
  std::vector<std::filesystem::path> shards;
  for (const std::string& name : names) {
    if (std::filesystem::path(name).filename() != name || !name.ends_with(".safetensors")) {
      throw corrupt("safetensors index names a file that is no shard beside it", where + ": " + name);
    }
    shards.push_back(index_json.parent_path() / name);
  }
  return shards;
}

}  // namespace jammi::model
