#include "model/sentence_transformers.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <jammi/error.h>

#include "model/json_file.h"

namespace jammi::model {
namespace {

using nlohmann::json;

constexpr std::string_view kDefaultPoolingFolder = "1_Pooling";

constexpr std::array<std::pair<std::string_view, nn::Pooling>, 3> kPoolingModes{{
    {"mean", nn::Pooling::Mean},
    {"cls", nn::Pooling::Cls},
    {"max", nn::Pooling::Max},
}};

// The boolean fields of the pooling module's configuration and the mode each stands for.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kPoolingFlags{{
    {"pooling_mode_cls_token", "cls"},
    {"pooling_mode_mean_tokens", "mean"},
    {"pooling_mode_max_tokens", "max"},
    {"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"},
    {"pooling_mode_weightedmean_tokens", "weightedmean"},
    {"pooling_mode_lasttoken", "lasttoken"},
}};

Error unsupported(const std::string& problem, const std::filesystem::path& file, const std::string& value) {
  return Error(ErrorCode::Unsupported, ErrorCategory::Model, problem + ": " + file.string() + ": " + value);
}

std::string string_field(const json& object, const char* field, const std::filesystem::path& file) {
  auto found = object.find(field);
  if (found == object.end() || !found->is_string()) {
    throw Error(ErrorCode::DataCorruption, ErrorCategory::Model,
                "module without a text field: " + file.string() + ": " + field);
  }
  return found->get<std::string>();
}

bool stays_below(const std::filesystem::path& path) {
  if (path.empty() || path.is_absolute()) return false;
  for (const auto& part : path) {
    if (part == "..") return false;
  }
  return true;
}

/// The pooling module's folder if there is one, after checking that every module of modules.json is one we
/// compute.
std::optional<std::string> pooling_folder(const std::filesystem::path& modules_json) {
  json modules = read_json(modules_json);
  if (!modules.is_array()) {
    throw Error(ErrorCode::DataCorruption, ErrorCategory::Model,
                "not a list of modules: " + modules_json.string());
  }
  std::optional<std::string> folder;
  for (const json& module : modules) {
    if (!module.is_object()) {
      throw Error(ErrorCode::DataCorruption, ErrorCategory::Model,
                  "module is not an object: " + modules_json.string());
    }
    const std::string type = string_field(module, "type", modules_json);
    const std::string name = type.substr(type.rfind('.') + 1);
    if (name == "Pooling") {
      folder = string_field(module, "path", modules_json);
      if (!stays_below(*folder)) {
        throw Error(ErrorCode::DataCorruption, ErrorCategory::Model,
                    "module path leaves the model's directory: " + modules_json.string() + ": " + *folder);
      }
    } else if (name != "Transformer" && name != "Normalize") {
      throw unsupported("unsupported sentence-transformers module", modules_json, type);
    }
  }
  return folder;
}

nn::Pooling read_pooling(const JsonFile& config) {
  std::vector<std::string> modes;
  if (config.has("pooling_mode")) modes.push_back(config.string_or("pooling_mode", ""));
  if (modes.empty()) {
    for (const auto& [field, mode] : kPoolingFlags) {
      if (config.boolean_or(field, false)) modes.emplace_back(mode);
    }
  }
  if (modes.empty()) return nn::Pooling::Mean;
  if (modes.size() > 1) {
    throw unsupported("several pooling modes at once are not supported", config.path(),
                      modes[0] + ", " + modes[1]);
  }
  for (const auto& [mode, pooling] : kPoolingModes) {
    if (mode == modes[0]) return pooling;
  }
  throw unsupported("unsupported pooling mode", config.path(), modes[0]);
}

}  // namespace

SentenceSettings read_sentence_settings(const std::filesystem::path& directory) {
  SentenceSettings settings;
  const auto modules_json = directory / "modules.json";
  std::filesystem::path pooling_json = directory / kDefaultPoolingFolder / "config.json";
  bool has_pooling = std::filesystem::exists(pooling_json);
  if (std::filesystem::exists(modules_json)) {
    const std::optional<std::string> folder = pooling_folder(modules_json);
    has_pooling = folder.has_value();
    if (has_pooling) pooling_json = directory / *folder / "config.json";
  }
  if (has_pooling) settings.pooling = read_pooling(JsonFile::read(pooling_json));

  const auto transformer_json = directory / "sentence_bert_config.json";
  if (std::filesystem::exists(transformer_json)) {
    JsonFile transformer = JsonFile::read(transformer_json);
    if (transformer.has("max_seq_length")) {
      settings.max_tokens = transformer.integer("max_seq_length", 1, int64_t{1} << 30);
    }
  }
  return settings;
}

}  // namespace jammi::model
