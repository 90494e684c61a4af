#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "inference/stream_options.h"
#include "inference/text_rows.h"
#include "model/text_embedder.h"

namespace jammi::inference {

/// A run of consecutive rows with their vectors.
struct EmbeddedRows {
  std::vector<TextRow> rows;   ///< in input order; a row's `error` says why it has no vector
  std::vector<float> vectors;  ///< [rows, dimensions] row-major; zeros where a row has an error
  uint64_t num_tokens = 0;
  float latency_ms = 0;  ///< from reading the rows to their last vector
};

/// Embeds a stream of texts on several threads and gives the results back in input order.
///
/// Life of a row: a reader thread cuts the input into windows; the pool tokenizes a window in slices, sorts
/// its texts by length into token-budget batches, and encodes those. Windows are worked on in order, and the
/// next one begins before the last batch of this one ends, so no thread idles. A batch whose forward pass
/// fails makes its rows error rows; running out of memory halves the batch instead, for the rest of the
/// stream.
///
/// One thread may call `next`. Destruction stops everything and waits for the batches being computed.
class TextEmbeddingStream {
 public:
  TextEmbeddingStream(std::shared_ptr<const model::TextEmbedder> embedder, TextRowReader rows,
                      const StreamOptions& options, std::stop_token stop = {});
  ~TextEmbeddingStream();
  TextEmbeddingStream(const TextEmbeddingStream&) = delete;
  TextEmbeddingStream& operator=(const TextEmbeddingStream&) = delete;

  /// The next window, or nothing after the last. Throws what reading the rows threw, or Cancelled after a
  /// stop request.
  std::optional<EmbeddedRows> next();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace jammi::inference
