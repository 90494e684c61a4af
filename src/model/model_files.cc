#include "model/model_files.h"

#include <algorithm>

#include "model/safetensors.h"

namespace jammi::model {

bool has_configuration(const std::filesystem::path& directory) {
  return std::filesystem::exists(directory / "config.json") ||
         std::filesystem::exists(directory / "open_clip_config.json");
}

std::filesystem::path configuration_file(const std::filesystem::path& directory) {
  const auto open_clip = directory / "open_clip_config.json";
  return std::filesystem::exists(open_clip) ? open_clip : directory / "config.json";
}

std::optional<std::filesystem::path> tokenizer_file(const std::filesystem::path& directory) {
  for (const char* name : {"tokenizer.json", "bpe_simple_vocab_16e6.txt.gz"}) {
    if (auto file = directory / name; std::filesystem::exists(file)) return file;
  }
  return std::nullopt;
}

std::vector<std::filesystem::path> safetensors_files(const std::filesystem::path& directory) {
  const auto open_clip = directory / "open_clip_model.safetensors";
  if (std::filesystem::exists(directory / "open_clip_config.json") && std::filesystem::exists(open_clip)) {
    return {open_clip};
  }
  if (auto file = directory / "model.safetensors"; std::filesystem::exists(file)) return {file};
  if (auto index = directory / "model.safetensors.index.json"; std::filesystem::exists(index)) {
    return safetensors_shards(index);
  }
  if (std::filesystem::exists(open_clip)) return {open_clip};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::optional<std::filesystem::path> onnx_file(const std::filesystem::path& directory) {
  for (const char* name : {"model.onnx", "onnx/model.onnx"}) {
    if (auto file = directory / name; std::filesystem::exists(file)) return file;
  }
  return std::nullopt;
}

bool has_weights(const std::filesystem::path& directory, WeightFormat format) {
  if (format == WeightFormat::Onnx) return onnx_file(directory).has_value();
  const std::vector<std::filesystem::path> files = safetensors_files(directory);
  if (files.empty()) return format == WeightFormat::Any && onnx_file(directory).has_value();
  return std::ranges::all_of(files, [](const auto& file) { return std::filesystem::exists(file); });
}

}  // namespace jammi::model
