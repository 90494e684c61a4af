#include "model/embedding_response.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <nlohmann/json.hpp>

#include <jammi/error.h>

#include "model/json_file.h"

namespace jammi::model {
namespace {

using nlohmann::json;

[[noreturn]] void fail(const std::string& problem) {
  throw Error(ErrorCode::DataCorruption, ErrorCategory::Backend,
              "Failed to parse embedding response: " + problem);
}

std::optional<std::vector<float>> read_vector(const json& values) {
  if (!values.is_array() || values.empty()) return std::nullopt;
  std::vector<float> vector;
  vector.reserve(values.size());
  for (const json& value : values) {
    if (!value.is_number()) return std::nullopt;
    vector.push_back(value.get<float>());
    if (!std::isfinite(vector.back())) return std::nullopt;
  }
  return vector;
}

/// The text that an entry speaks of.
size_t index_of(const json& entry, size_t position, size_t num_texts) {
  const auto index = entry.find("index");
  const bool is_given = index != entry.end() && !index->is_null();
  if (is_given && !index->is_number_unsigned()) fail("an index is not a whole number");
  const auto text = is_given ? index->get<uint64_t>() : position;
  if (text >= num_texts) fail("an entry beyond the texts that were sent: " + std::to_string(text));
  return text;
}

}  // namespace

EmbeddingResponse parse_embedding_response(std::string_view body, size_t num_texts) {
  json root;
  try {
    root = parse_json(body, "response");
  } catch (const Error& error) {
    fail(error.message());
  }
  if (!root.is_object() || !root.contains("data") || !root["data"].is_array()) fail("no array \"data\"");

  EmbeddingResponse response;
  response.vectors.resize(num_texts);
  std::vector<bool> is_seen(num_texts);
  size_t position = 0;
  for (const json& entry : root["data"]) {
    if (!entry.is_object()) fail("an entry of \"data\" is not an object");
    const size_t text = index_of(entry, position++, num_texts);
    if (is_seen[text]) fail("two entries for one text: " + std::to_string(text));
    is_seen[text] = true;
    if (const auto vector = entry.find("embedding"); vector != entry.end()) {
      response.vectors[text] = read_vector(*vector);
    }
  }
  if (const auto usage = root.find("usage"); usage != root.end() && usage->is_object()) {
    const json tokens = usage->value("total_tokens", json());
    if (tokens.is_number_unsigned()) response.num_tokens = tokens.get<uint64_t>();
  }
  return response;
}

}  // namespace jammi::model
