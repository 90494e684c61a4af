#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include <jammi/progress.h>
#include <jammi/records.h>

namespace jammi {

struct EmbeddingOptions {
  ProgressCallback progress;
  std::stop_token stop;
};

/// What a run of `generate_text_embeddings` or `generate_image_embeddings` did beside the table it made.
struct EmbeddingSummary {
  ResultTableRecord table;
  uint64_t rows_failed =
      0;  ///< rows without text, image or key, or that the model failed on; they are not in the table
  uint64_t duplicate_keys =
      0;  ///< rows whose key another row has too, less one per key; they are embedded all the same
  uint64_t tokens = 0;
  double elapsed_seconds = 0;
  std::string precision;  ///< f32, bf16, f16, int8, or remote: what the model really computed in
};

}  // namespace jammi
