#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "nn/encoder.h"

namespace jammi::model {

/// What a sentence-transformers directory says beyond the encoder. Vectors are scaled to unit length in any
/// case.
struct SentenceSettings {
  nn::Pooling pooling = nn::Pooling::Mean;
  std::optional<int64_t> max_tokens;
};

/// Reads modules.json, the pooling module's config.json and sentence_bert_config.json, each of which may be
/// missing. Throws Model errors that name the file and the field: Unsupported for a module or pooling mode
/// without an implementation, DataCorruption for malformed files.
SentenceSettings read_sentence_settings(const std::filesystem::path& directory);

}  // namespace jammi::model
