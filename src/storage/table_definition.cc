#include "storage/table_definition.h"

#include <chrono>
#include <format>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include <jammi/error.h>

#include "base/hash.h"

namespace jammi::storage {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormatVersion = 1;
constexpr size_t kMaxNamePart = 64;

Json fields_of(const TableDefinition& definition) {
  const ModelIdentity& model = definition.model;
  Json json = {{"format_version", kFormatVersion},
               {"source", definition.source_id},
               {"task", to_string(definition.task)},
               {"dimensions", definition.dimensions},
               {"key_column", nullptr},
               {"text_columns", definition.text_columns},
               {"model",
                {{"id", model.id},
                 {"digest", model.digest},
                 {"tokenizer_digest", model.tokenizer_digest},
                 {"pooling", model.pooling},
                 {"precision", model.precision}}}};
  if (definition.key_column) json["key_column"] = *definition.key_column;
  return json;
}

std::string dump(const Json& json) {
  try {
    return json.dump();
  } catch (const Json::exception& failure) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Storage,
                std::string("a result table's definition must be UTF-8 text: ") + failure.what());
  }
}

/// Letters, digits and '-' of `text`, anything else as single underscores, so that "__" only separates parts.
std::string name_part(std::string_view text) {
  std::string part;
  for (char c : text) {
    const bool is_kept =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    if (is_kept) {
      part += c;
    } else if (!part.empty() && part.back() != '_') {
      part += '_';
    }
    if (part.size() == kMaxNamePart) break;
  }
  while (part.ends_with('_')) part.pop_back();
  return part.empty() ? "unnamed" : part;
}

}  // namespace

std::string TableDefinition::hash() const {
  return base::sha256_hex(dump(fields_of(*this)));
}

std::string TableDefinition::to_json() const {
  Json json = fields_of(*this);
  json["hash"] = hash();
  return dump(json);
}

TableDefinition TableDefinition::from_json(std::string_view text) {
  TableDefinition definition;
  std::string stored_hash;
  try {
    const Json json = Json::parse(text);
    if (json.at("format_version") != kFormatVersion) throw std::runtime_error("unknown format version");
    json.at("source").get_to(definition.source_id);
    definition.task = parse_model_task(json.at("task").get<std::string>());
    json.at("dimensions").get_to(definition.dimensions);
    if (!json.at("key_column").is_null()) definition.key_column = json.at("key_column").get<std::string>();
    json.at("text_columns").get_to(definition.text_columns);
    const Json& model = json.at("model");
    model.at("id").get_to(definition.model.id);
    model.at("digest").get_to(definition.model.digest);
    model.at("tokenizer_digest").get_to(definition.model.tokenizer_digest);
    model.at("pooling").get_to(definition.model.pooling);
    model.at("precision").get_to(definition.model.precision);
    json.at("hash").get_to(stored_hash);
  } catch (const std::exception& failure) {
    throw Error(ErrorCode::DataCorruption, ErrorCategory::Storage,
                std::string("a result table's definition cannot be read: ") + failure.what());
  }
  if (definition.hash() != stored_hash) {
    throw Error(ErrorCode::DataCorruption, ErrorCategory::Storage,
                "a result table's definition does not match its hash: " + stored_hash);
  }
  return definition;
}

std::string make_table_name(const TableDefinition& definition) {
  const auto now = std::chrono::floor<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  return std::format("{}__{}__{}__{:%Y%m%dT%H%M%S}{:09}_{}", name_part(definition.source_id),
                     to_string(definition.task), name_part(definition.model.id), second,
                     (now - second).count(), base::random_uuid().substr(0, 8));
}

}  // namespace jammi::storage
