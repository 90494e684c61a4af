#include "model/json_file.h"

#include <fstream>
#include <set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <jammi/error.h>

namespace jammi::model {
namespace {

using nlohmann::json;

constexpr uintmax_t kMaxFileBytes = uintmax_t{16} << 20;

Error corrupt(std::string_view problem, std::string_view where) {
  return Error(ErrorCode::DataCorruption, ErrorCategory::Model,
               std::string(problem) + ": " + std::string(where));
}

/// Refuses what the parser itself would accept: deep nesting and keys given twice.
class Strictness {
 public:
  explicit Strictness(const std::string& where) : where_(where) {}

  bool operator()(int depth, json::parse_event_t event, json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        if (depth >= static_cast<int>(kMaxJsonDepth)) throw corrupt("JSON nested too deeply", where_);
        keys_.emplace_back();
        break;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        keys_.pop_back();
        break;
      case json::parse_event_t::key:
        if (!keys_.back().insert(parsed.get<std::string>()).second) {
          throw corrupt("JSON key given twice", where_ + ": " + parsed.get<std::string>());
        }
        break;
      case json::parse_event_t::value:
        break;
    }
    return true;
  }

 private:
  const std::string& where_;
  std::vector<std::set<std::string>> keys_;
};

}  // namespace

json parse_json(std::string_view text, const std::string& where) {
  try {
    return json::parse(text, Strictness(where));
  } catch (const json::exception& error) {
    throw corrupt("not valid JSON", where + ": " + error.what());
  }
}

json read_json(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code error;
  if (!file || !std::filesystem::is_regular_file(path, error)) {
    throw Error(ErrorCode::NotFound, ErrorCategory::Model, "cannot open file: " + path.string());
  }
  uintmax_t size = std::filesystem::file_size(path, error);
  if (error || size > kMaxFileBytes) throw corrupt("JSON file is larger than 16 MiB", path.string());
  std::string text(size, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(size)))
    throw corrupt("cannot read file", path.string());
  return parse_json(text, path.string());
}

JsonFile::JsonFile(std::filesystem::path path, std::string prefix, json root)
    : path_(std::move(path)),
      prefix_(std::move(prefix)),
      root_(std::make_shared<const json>(std::move(root))) {}

JsonFile JsonFile::read(const std::filesystem::path& path) {
  json root = read_json(path);
  if (!root.is_object()) throw corrupt("not a JSON object", path.string());
  return JsonFile(path, "", std::move(root));
}

size_t JsonFile::size() const {
  return root_->size();
}

bool JsonFile::has(std::string_view field) const {
  auto found = root_->find(field);
  return found != root_->end() && !found->is_null();
}

int64_t JsonFile::integer(std::string_view field, int64_t least, int64_t most) const {
  if (!has(field)) fail("missing field", field);
  const json& value = *root_->find(field);
  if (!value.is_number_integer()) fail("not a whole number", field);
  // A number beyond int64 is stored unsigned and would wrap.
  bool is_huge = value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(most);
  if (is_huge || value.get<int64_t>() < least || value.get<int64_t>() > most) {
    fail(
        "value " + value.dump() + " is not between " + std::to_string(least) + " and " + std::to_string(most),
        field);
  }
  return value.get<int64_t>();
}

int64_t JsonFile::integer_or(std::string_view field, int64_t least, int64_t most, int64_t fallback) const {
  return has(field) ? integer(field, least, most) : fallback;
}

double JsonFile::number_or(std::string_view field, double least, double most, double fallback) const {
  if (!has(field)) return fallback;
  const json& value = *root_->find(field);
  if (!value.is_number()) fail("not a number", field);
  double number = value.get<double>();
  if (!(number >= least && number <= most)) fail("value " + value.dump() + " is out of range", field);
  return number;
}

bool JsonFile::boolean_or(std::string_view field, bool fallback) const {
  if (!has(field)) return fallback;
  const json& value = *root_->find(field);
  if (!value.is_boolean()) fail("not true or false", field);
  return value.get<bool>();
}

std::string JsonFile::string_or(std::string_view field, std::string_view fallback) const {
  if (!has(field)) return std::string(fallback);
  const json& value = *root_->find(field);
  if (!value.is_string()) fail("not a string", field);
  return value.get<std::string>();
}

std::vector<std::string> JsonFile::strings(std::string_view field) const {
  if (!has(field)) fail("missing field", field);
  std::vector<std::string> values;
  const json& list = *root_->find(field);
  if (!list.is_array()) fail("not a list", field);
  for (const json& value : list) {
    if (!value.is_string()) fail("not a list of strings", field);
    values.push_back(value.get<std::string>());
  }
  return values;
}

std::vector<double> JsonFile::numbers(std::string_view field, double least, double most) const {
  if (!has(field)) fail("missing field", field);
  std::vector<double> values;
  const json& list = *root_->find(field);
  if (!list.is_array()) fail("not a list", field);
  for (const json& value : list) {
    if (!value.is_number()) fail("not a list of numbers", field);
    values.push_back(value.get<double>());
    if (!(values.back() >= least && values.back() <= most)) {
      fail("value " + value.dump() + " is out of range", field);
    }
  }
  return values;
}

bool JsonFile::is_false(std::string_view field) const {
  const auto found = root_->find(field);
  return found != root_->end() && found->is_boolean() && !found->get<bool>();
}

JsonFile JsonFile::object(std::string_view field) const {
  if (!has(field)) fail("missing field", field);
  const json& value = *root_->find(field);
  if (!value.is_object()) fail("not a JSON object", field);
  return JsonFile(path_, prefix_ + std::string(field) + ".", value);
}

void JsonFile::fail(std::string_view problem, std::string_view field) const {
  throw corrupt(problem, path_.string() + ": " + prefix_ + std::string(field));
}

}  // namespace jammi::model
