#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "inference/image_rows.h"
#include "inference/stream_options.h"
#include "model/image_model.h"

namespace jammi::inference {

/// A run of consecutive rows with their vectors.
struct EmbeddedImages {
  std::vector<ImageRow> rows;  ///< in input order, without content; `error` says why one has no vector
  std::vector<float> vectors;  ///< [rows, dimensions] row-major; zeros where a row has an error
  uint64_t num_tokens = 0;
  float latency_ms = 0;  ///< from reading the rows to their last vector
};

/// Embeds a stream of images on several threads and gives the results back in input order. Each thread of the
/// pool takes a few rows at a time, decodes and resizes their images and encodes them together: while some
/// threads decode, others compute, and there are never more pictures in memory than threads. Running out of
/// memory halves the batches for the rest of the stream. A row whose image cannot be had is an error row:
///
///   Null or missing image input
///   Failed to load image '<path>': ...
///   Failed to decode image at row <number from 0>: ...
///
/// One thread may call `next`. Destruction stops everything and waits for the batches being computed.
class ImageEmbeddingStream {
 public:
  ImageEmbeddingStream(std::shared_ptr<const model::ImageModel> model, ImageRowReader rows,
                       const StreamOptions& options, std::stop_token stop = {});
  ~ImageEmbeddingStream();
  ImageEmbeddingStream(const ImageEmbeddingStream&) = delete;
  ImageEmbeddingStream& operator=(const ImageEmbeddingStream&) = delete;

  /// The next rows, or nothing after the last. Throws what reading them threw, or Cancelled after a stop
  /// request.
  std::optional<EmbeddedImages> next();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace jammi::inference
