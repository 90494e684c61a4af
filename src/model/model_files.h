#pragma once

#include <filesystem>
#include <optional>
#include <vector>

namespace jammi::model {

/// Whether a model directory has config.json or open_clip_config.json.
bool has_configuration(const std::filesystem::path& directory);

/// The safetensors files that hold a directory's weights: model.safetensors, else the shards of
/// model.safetensors.index.json, else open_clip_model.safetensors, else every *.safetensors in order of name.
/// Empty when there are none; shards of an index may be missing. Throws Model DataCorruption for a malformed
/// index.
std::vector<std::filesystem::path> safetensors_files(const std::filesystem::path& directory);

/// The directory's model.onnx.
std::optional<std::filesystem::path> onnx_file(const std::filesystem::path& directory);

}  // namespace jammi::model
