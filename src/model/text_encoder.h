#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jammi/config.h>

#include "model/architectures/architecture.h"
#include "model/json_file.h"
#include "model/resolver.h"
#include "model/safetensors.h"
#include "nn/encoder.h"
#include "text/tokenizer.h"

namespace jammi::model {

/// What every text model begins with, as files and as what they become.
struct TextEncoder {
  JsonFile config;
  std::vector<std::filesystem::path> weight_files = {};
  std::shared_ptr<const Safetensors> weights = {};  ///< null for an ONNX graph
  Architecture architecture = {};                   ///< of an ONNX graph nothing but the sizes
  std::filesystem::path tokenizer_path = {};
  std::shared_ptr<const text::Tokenizer> tokenizer = {};
  std::shared_ptr<const nn::Encoder> encoder = {};
  bool is_per_token = true;  ///< false: an ONNX graph that has a row for a text only, which `encode` gives
  size_t max_tokens = 0;     ///< longer texts are cut, special tokens included
};

/// Loads configuration, weights, tokenizer and encoder of a directory. Texts are cut at `max_tokens`, 512
/// where it says nothing, and never beyond the model's positions. `purpose` completes the error of a missing
/// tokenizer: "No tokenizer loaded for <purpose> model". Of an ONNX graph the first of `onnx_outputs` that it
/// has takes the place of the hidden states. Throws Model errors that name the file: NotFound,
/// DataCorruption, or Unsupported for an architecture, graph, device or precision without an implementation.
TextEncoder load_text_encoder(const ResolvedModel& model, Config::Precision precision,
                              const nn::Device& device, std::optional<int64_t> max_tokens,
                              std::string_view purpose, const std::vector<std::string>& onnx_outputs);

}  // namespace jammi::model
