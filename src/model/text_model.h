#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "model/model.h"
#include "nn/encoder.h"
#include "text/tokenizer.h"

namespace jammi::model {

/// Computes what a text model makes of tokens, on one thread. Not thread-safe; keeps the weights alive.
class TextWorker {
 public:
  virtual ~TextWorker() = default;

  /// Writes one row of `TextModel::row_width` values per text, or per token, to `out`. `batch` comes from
  /// `tokenize` of the same model, or is a selection of its texts. Throws std::bad_alloc when the batch is
  /// too large for the memory; smaller ones can still be computed, by a new worker.
  virtual void compute(const nn::PackedBatchView& batch, std::span<float> out) = 0;
};

/// A model that turns texts into rows of values: vectors, or logits of classes. Everything that streams texts
/// through a model works on this interface. Immutable and thread-safe.
class TextModel : public Model {
 public:
  /// Values in a row.
  virtual size_t row_width() const noexcept = 0;

  /// Every token has a row, not every text.
  virtual bool is_per_token() const noexcept = 0;

  /// Token ids of each text, cut to what the model takes; with spans when tokens have rows. Runs on the
  /// calling thread.
  virtual text::TokenBatch tokenize(std::span<const std::string_view> texts) const = 0;

  /// Tokens in the batches that are computed fastest.
  virtual size_t tokens_per_batch() const noexcept = 0;

  virtual std::unique_ptr<TextWorker> make_worker() const = 0;
};

/// The packed batch over a tokenized batch's own memory.
nn::PackedBatchView view(const text::TokenBatch& batch);

}  // namespace jammi::model
