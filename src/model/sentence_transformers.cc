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

constexpr std::array<std::pair<std::string_view, nn::Pooling>, 4> kPoolingModes{{
    {"mean", nn::Pooling::Mean},
    {"cls", nn::Pooling::Cls},
    {"max", nn::Pooling::Max},
    {"lasttoken", nn::Pooling::Last},
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

// The last component of the class names that Dense modules write down.
constexpr std::array<std::pair<std::string_view, nn::Dense::Activation>, 4> kActivations{{
    {"Identity", nn::Dense::Activation::Identity},
    {"Tanh", nn::Dense::Activation::Tanh},
    {"GELU", nn::Dense::Activation::Gelu},
    {"ReLU", nn::Dense::Activation::Relu},
}};

std::string last_component(const std::string& class_name) {
  return class_name.substr(class_name.rfind('.') + 1);
}

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

/// The folders of the modules behind the transformer.
struct ModuleFolders {
  std::optional<std::string> pooling;
  std::vector<std::string> dense;
};

std::string module_folder(const json& module, const std::filesystem::path& modules_json) {
  std::string folder = string_field(module, "path", modules_json);
  if (!stays_below(folder)) {
    throw Error(ErrorCode::DataCorruption, ErrorCategory::Model,
                "module path leaves the model's directory: " + modules_json.string() + ": " + folder);
  }
  return folder;
}

/// Checks that the modules are ones we compute, in the order in which we compute them.
ModuleFolders read_modules(const std::filesystem::path& modules_json) {
  const json modules = read_json(modules_json);
  if (!modules.is_array()) {
    throw Error(ErrorCode::DataCorruption, ErrorCategory::Model,
                "not a list of modules: " + modules_json.string());
  }
  ModuleFolders folders;
  bool is_normalized = false;
  for (const json& module : modules) {
    if (!module.is_object()) {
      throw Error(ErrorCode::DataCorruption, ErrorCategory::Model,
                  "module is not an object: " + modules_json.string());
    }
    const std::string type = string_field(module, "type", modules_json);
    const std::string name = last_component(type);
    if (name == "Pooling" && !folders.pooling) {
      folders.pooling = module_folder(module, modules_json);
    } else if (name == "Dense" && folders.pooling && !is_normalized) {
      folders.dense.push_back(module_folder(module, modules_json));
    } else if (name == "Normalize") {
      is_normalized = true;
    } else if (name != "Transformer") {
      throw unsupported("unsupported sentence-transformers module", modules_json, type);
    }
  }
  return folders;
}

DenseModule read_dense(const std::filesystem::path& folder) {
  constexpr int64_t kMaxFeatures = int64_t{1} << 16;
  const JsonFile config = JsonFile::read(folder / "config.json");
  const std::string activation = config.string_or("activation_function", "torch.nn.modules.activation.Tanh");
  for (const auto& [name, known] : kActivations) {
    if (name != last_component(activation)) continue;
    return {.folder = folder,
            .in_features = config.integer("in_features", 1, kMaxFeatures),
            .out_features = config.integer("out_features", 1, kMaxFeatures),
            .has_bias = config.boolean_or("bias", true),
            .activation = known};
  }
  throw unsupported("unsupported activation_function", config.path(), activation);
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

/// The prompt under the first of `names` that the model declares, else its default prompt, else nothing.
std::string choose_prompt(const JsonFile& config, std::initializer_list<std::string_view> names) {
  if (!config.has("prompts")) return "";
  const JsonFile prompts = config.object("prompts");
  for (std::string_view name : names) {
    if (prompts.has(name)) return prompts.string_or(name, "");
  }
  const std::string fallback = config.string_or("default_prompt_name", "");
  if (fallback.empty()) return "";
  if (!prompts.has(fallback)) config.fail("no such prompt", "default_prompt_name");
  return prompts.string_or(fallback, "");
}

}  // namespace

SentenceSettings read_sentence_settings(const std::filesystem::path& directory) {
  SentenceSettings settings;
  ModuleFolders modules;
  if (const auto modules_json = directory / "modules.json"; std::filesystem::exists(modules_json)) {
    modules = read_modules(modules_json);
  } else if (std::filesystem::exists(directory / kDefaultPoolingFolder / "config.json")) {
    modules.pooling = kDefaultPoolingFolder;
  }
  for (const std::string& folder : modules.dense) settings.dense.push_back(read_dense(directory / folder));

  const auto prompts_json = directory / "config_sentence_transformers.json";
  if (std::filesystem::exists(prompts_json)) {
    const JsonFile config = JsonFile::read(prompts_json);
    settings.query_prompt = choose_prompt(config, {"query"});
    settings.document_prompt = choose_prompt(config, {"document", "passage", "corpus"});
  }
  if (modules.pooling) {
    const JsonFile config = JsonFile::read(directory / *modules.pooling / "config.json");
    settings.pooling = read_pooling(config);
    const bool has_prompt = !settings.query_prompt.empty() || !settings.document_prompt.empty();
    if (has_prompt && !config.boolean_or("include_prompt", true)) {
      throw unsupported("pooling without the prompt is not supported", config.path(), "include_prompt");
    }
  }

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
