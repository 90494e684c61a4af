#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace jammi::model {

/// What a server answers to a request for embeddings.
struct EmbeddingResponse {
  std::vector<std::optional<std::vector<float>>> vectors;  ///< of each text; nothing where there is none
  uint64_t num_tokens = 0;                                 ///< as the server counts; 0 when it does not
};

/// Reads `{"data": [{"index": i, "embedding": [number, ...] or null}, ...], "usage": {"total_tokens": n}}`
/// for `num_texts` texts. Entries may come in any order; those without an index stand for their position. A
/// text that no entry speaks of has no vector, nor has one whose vector is empty or holds anything but finite
/// numbers. Throws Backend DataCorruption "Failed to parse embedding response: ..." for anything else.
EmbeddingResponse parse_embedding_response(std::string_view body, size_t num_texts);

}  // namespace jammi::model
