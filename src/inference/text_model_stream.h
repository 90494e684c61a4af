#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "inference/stream_options.h"
#include "inference/text_rows.h"
#include "model/text_model.h"

namespace jammi::inference {

/// `error` of a row whose text gives no token, which only a tokenizer without special tokens can do.
inline constexpr char kNoTokensError[] = "Text has no tokens";

/// A run of consecutive rows with what a text model made of them.
struct TextModelOutput {
  std::vector<TextRow> rows;   ///< in input order; a row's `error` says why it has no values
  std::vector<float> values;   ///< a model's row for each text (zeros where it failed), or for each token
  std::vector<size_t> firsts;  ///< [rows + 1]: where in `values`, in model's rows, those of a text begin
  std::vector<text::CharacterSpan> spans;  ///< of the tokens, where tokens have rows
  uint64_t num_tokens = 0;
  float latency_ms = 0;  ///< from reading the rows to their last value
};

/// Sends a stream of texts through a model on several threads and gives the results back in input order.
///
/// Life of a row: a reader thread cuts the input into windows; the pool tokenizes a window in slices, sorts
/// its texts by length into token-budget batches, and computes those. Windows are worked on in order, and the
/// next one begins before the last batch of this one ends, so no thread idles. A batch whose forward pass
/// fails makes its rows error rows; running out of memory halves the batch instead, for the rest of the
/// stream.
///
/// One thread may call `next`. Destruction stops everything and waits for the batches being computed.
class TextModelStream {
 public:
  TextModelStream(std::shared_ptr<const model::TextModel> model, TextRowReader rows,
                  const StreamOptions& options, std::stop_token stop = {});
  ~TextModelStream();
  TextModelStream(const TextModelStream&) = delete;
  TextModelStream& operator=(const TextModelStream&) = delete;

  /// The next window, or nothing after the last. Throws what reading the rows threw, or Cancelled after a
  /// stop request.
  std::optional<TextModelOutput> next();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace jammi::inference
