#include "storage/manifest.h"

#include <charconv>
#include <format>

#include <nlohmann/json.hpp>

#include <jammi/error.h>

namespace jammi::storage {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::string_view kMetric = "cosine";
constexpr std::string_view kBackend = "usearch";

[[noreturn]] void refuse(const std::string& reason) {
  throw Error(ErrorCode::DataCorruption, ErrorCategory::Storage, "the manifest cannot be used: " + reason);
}

Json json_of(const ManifestFile& file) {
  return {{"name", file.name}, {"size", file.size}, {"xxh64", std::format("{:016x}", file.checksum)}};
}

std::string parse_name(const Json& json) {
  std::string name = json.get<std::string>();
  if (name.empty() || name.contains('/')) refuse("not a file name: " + name);
  return name;
}

ManifestFile parse_file(const Json& json) {
  ManifestFile file;
  file.name = parse_name(json.at("name"));
  json.at("size").get_to(file.size);
  const std::string digits = json.at("xxh64").get<std::string>();
  const auto [end, failure] =
      std::from_chars(digits.data(), digits.data() + digits.size(), file.checksum, 16);
  if (failure != std::errc() || end != digits.data() + digits.size()) refuse("not a checksum: " + digits);
  return file;
}

ManifestSegment parse_segment(const Json& json) {
  ManifestSegment segment;
  json.at("count").get_to(segment.count);
  segment.parquet = parse_name(json.at("parquet"));
  segment.index = parse_file(json.at("index"));
  segment.rowmap = parse_file(json.at("rowmap"));
  segment.vectors = parse_file(json.at("vectors"));
  if (!json.at("tombstones").is_null()) refuse("tombstones are not known to this version");
  return segment;
}

}  // namespace

uint64_t Manifest::count() const {
  uint64_t total = 0;
  for (const ManifestSegment& segment : segments) total += segment.count;
  return total;
}

std::string Manifest::to_json() const {
  Json json = {{"version", kVersion},      {"dimensions", definition.dimensions},
               {"count", count()},         {"metric", kMetric},
               {"backend", kBackend},      {"files", Json::object()},
               {"created_at", created_at}, {"definition", Json::parse(definition.to_json())},
               {"segments", Json::array()}};
  for (const ManifestSegment& segment : segments) {
    json["segments"].push_back({{"count", segment.count},
                                {"parquet", segment.parquet},
                                {"index", json_of(segment.index)},
                                {"rowmap", json_of(segment.rowmap)},
                                {"vectors", json_of(segment.vectors)},
                                {"tombstones", nullptr}});
  }
  // Readers of a single-segment table need not know about segments.
  if (segments.size() == 1)
    json["files"] = {{"index", segments[0].index.name}, {"rowmap", segments[0].rowmap.name}};
  return json.dump(2) + "\n";
}

Manifest Manifest::from_json(std::string_view text) {
  Manifest manifest;
  try {
    const Json json = Json::parse(text);
    if (json.at("version") != kVersion) refuse("unknown version " + json.at("version").dump());
    if (json.at("metric") != kMetric) refuse("unknown metric " + json.at("metric").dump());
    if (json.at("backend") != kBackend) refuse("unknown backend " + json.at("backend").dump());
    json.at("created_at").get_to(manifest.created_at);
    manifest.definition = TableDefinition::from_json(json.at("definition").dump());
    for (const Json& segment : json.at("segments")) manifest.segments.push_back(parse_segment(segment));
    if (json.at("dimensions") != manifest.definition.dimensions) refuse("dimensions disagree");
    if (json.at("count") != manifest.count()) refuse("counts disagree");
  } catch (const Json::exception& failure) {
    refuse(failure.what());
  }
  return manifest;
}

}  // namespace jammi::storage
