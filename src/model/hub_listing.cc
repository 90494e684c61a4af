#include "model/hub_listing.h"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include <jammi/error.h>

#include "model/json_file.h"

namespace jammi::model {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 7> kSmallFiles = {"config.json",
                                                         "open_clip_config.json",
                                                         "tokenizer.json",
                                                         "modules.json",
                                                         "sentence_bert_config.json",
                                                         "config_sentence_transformers.json",
                                                         "bpe_simple_vocab_16e6.txt.gz"};
constexpr std::string_view kWeights = "model.safetensors";
constexpr std::string_view kWeightIndex = "model.safetensors.index.json";
constexpr std::string_view kOpenClipWeights = "open_clip_model.safetensors";
constexpr std::string_view kWeightSuffix = ".safetensors";

Error malformed(const std::string& where) {
  return Error(ErrorCode::DataCorruption, ErrorCategory::Model, "unexpected answer of the hub: " + where);
}

bool is_hexadecimal(const std::string& text, std::initializer_list<size_t> sizes) {
  return std::ranges::find(sizes, text.size()) != sizes.end() &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// Names become paths in the cache and in addresses, so only harmless characters pass.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '_' || c == '-';
  });
}

/// A file of a sentence-transformers module: "<folder>/config.json", or the weights of one that has some
/// ("2_Dense/model.safetensors").
bool is_module_file(std::string_view name) {
  const size_t slash = name.find('/');
  if (slash == std::string_view::npos || !is_plain_name(name.substr(0, slash))) return false;
  const bool is_dense = name.substr(0, slash).ends_with("_Dense");
  return name.substr(slash + 1) == "config.json" || (is_dense && name.substr(slash + 1) == kWeights);
}

HubFile parse_file(const json& entry, const std::string& where) {
  HubFile file;
  file.name = entry.at("rfilename").get<std::string>();
  const auto large = entry.find("lfs");
  file.has_sha256 = large != entry.end() && large->is_object();
  file.etag =
      file.has_sha256 ? large->at("sha256").get<std::string>() : entry.at("blobId").get<std::string>();
  file.size = file.has_sha256 ? large->at("size").get<uint64_t>() : entry.at("size").get<uint64_t>();
  if (!is_hexadecimal(file.etag, {40, 64}) || (file.has_sha256 && file.etag.size() != 64))
    throw malformed(where);
  return file;
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// The ONNX file to fetch, by the same preference as onnx_file, with the file of its tensors.
std::vector<std::string> choose_onnx(const std::vector<std::string>& names) {
  for (const std::string model : {"model.onnx", "onnx/model.onnx"}) {
    if (!has(names, model)) continue;
    std::vector<std::string> chosen{model};
    for (const char* suffix : {"_data", ".data"}) {
      if (has(names, model + suffix)) chosen.push_back(model + suffix);
    }
    return chosen;
  }
  return {};
}

/// The safetensors files to fetch, by the same preference as safetensors_files.
std::vector<std::string> choose_safetensors(const std::vector<std::string>& names) {
  const bool prefers_open_clip = has(names, "open_clip_config.json") && has(names, kOpenClipWeights);
  if (prefers_open_clip) return {std::string(kOpenClipWeights)};
  if (has(names, kWeights)) return {std::string(kWeights)};
  const bool has_index = has(names, kWeightIndex);
  if (!has_index && has(names, kOpenClipWeights)) return {std::string(kOpenClipWeights)};
  std::vector<std::string> chosen;
  for (const std::string& name : names) {
    if (name.ends_with(kWeightSuffix) && is_plain_name(name)) chosen.push_back(name);
  }
  if (has_index && !chosen.empty()) chosen.emplace_back(kWeightIndex);
  return chosen;
}

std::vector<std::string> choose_weights(const std::vector<std::string>& names, WeightFormat format) {
  if (format == WeightFormat::Onnx) return choose_onnx(names);
  std::vector<std::string> chosen = choose_safetensors(names);
  return chosen.empty() && format == WeightFormat::Any ? choose_onnx(names) : chosen;
}

HubListing parse(const json& answer, WeightFormat format, const std::string& where) {
  HubListing listing;
  listing.commit = answer.at("sha").get<std::string>();
  if (!is_hexadecimal(listing.commit, {40})) throw malformed(where);
  const json& entries = answer.at("siblings");
  std::vector<std::string> names;
  for (const json& entry : entries) names.push_back(entry.at("rfilename").get<std::string>());

  if (!has(names, "config.json") && !has(names, "open_clip_config.json")) {
    throw Error(ErrorCode::NotFound, ErrorCategory::Model, "the repository has no config.json: " + where);
  }
  const std::vector<std::string> weights = choose_weights(names, format);
  if (weights.empty()) return listing;
  for (const json& entry : entries) {
    const auto name = entry.at("rfilename").get<std::string>();
    const bool is_small = std::ranges::find(kSmallFiles, name) != kSmallFiles.end() || is_module_file(name);
    if (is_small || has(weights, name)) listing.files.push_back(parse_file(entry, where));
  }
  return listing;
}

}  // namespace

HubListing parse_hub_listing(std::string_view answer, WeightFormat format, const std::string& where) {
  try {
    return parse(parse_json(answer, where), format, where);
  } catch (const json::exception& error) {
    throw malformed(where + ": " + error.what());
  }
}

}  // namespace jammi::model
