#pragma once

#include <filesystem>
#include <optional>
#include <vector>

namespace jammi::model {

/// Which weights of a model are wanted. Any: safetensors, or ONNX where there are none.
enum class WeightFormat { Any, Safetensors, Onnx };

/// Whether a model directory has config.json or open_clip_config.json.
bool has_configuration(const std::filesystem::path& directory);

/// The file that describes a directory's model: open_clip_config.json, else config.json.
std::filesystem::path configuration_file(const std::filesystem::path& directory);

/// A directory's tokenizer: tokenizer.json, else bpe_simple_vocab_16e6.txt.gz.
std::optional<std::filesystem::path> tokenizer_file(const std::filesystem::path& directory);

/// The safetensors files that hold a directory's weights: open_clip_model.safetensors beside
/// open_clip_config.json, else model.safetensors, else the shards of model.safetensors.index.json, else
/// open_clip_model.safetensors, else every *.safetensors in order of name.
/// Empty when there are none; shards of an index may be missing. Throws Model DataCorruption for a malformed
/// index.
std::vector<std::filesystem::path> safetensors_files(const std::filesystem::path& directory);

/// The directory's model.onnx or onnx/model.onnx.
std::optional<std::filesystem::path> onnx_file(const std::filesystem::path& directory);

/// Whether a directory has weights of a format, every file of them. Throws as `safetensors_files`.
bool has_weights(const std::filesystem::path& directory, WeightFormat format);

}  // namespace jammi::model
