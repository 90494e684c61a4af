#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nn/dense.h"
#include "nn/encoder.h"

namespace jammi::model {

/// A Dense module: its folder has the weights `linear.weight` and `linear.bias` in model.safetensors.
struct DenseModule {
  std::filesystem::path folder;
  int64_t in_features = 0;
  int64_t out_features = 0;
  bool has_bias = true;
  nn::Dense::Activation activation = nn::Dense::Activation::Tanh;

  std::filesystem::path weights() const { return folder / "model.safetensors"; }
};

/// What a sentence-transformers directory says beyond the encoder. Vectors are scaled to unit length in any
/// case.
struct SentenceSettings {
  nn::Pooling pooling = nn::Pooling::Mean;
  std::vector<DenseModule> dense;  ///< applied to the pooled vector in this order
  std::optional<int64_t> max_tokens;
  std::string query_prompt;     ///< put before a text that searches
  std::string document_prompt;  ///< put before a text that is stored
};

/// Reads modules.json, the configurations of the modules it names, sentence_bert_config.json and
/// config_sentence_transformers.json, each of which may be missing. The prompts are those that
/// sentence-transformers' encode_query and encode_document choose: `query`, and the first of `document`,
/// `passage` and `corpus`, else the default prompt. Throws Model errors that name the file and the field:
/// Unsupported for a module or mode without an implementation, DataCorruption for malformed files.
SentenceSettings read_sentence_settings(const std::filesystem::path& directory);

}  // namespace jammi::model
