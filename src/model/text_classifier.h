#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jammi/config.h>

#include "model/architectures/head.h"
#include "model/resolver.h"
#include "nn/encoder.h"
#include "text/tokenizer.h"

namespace jammi::model {

/// A model that gives logits over its labels to texts (ClassifierKind::Sequence) or to each of their tokens
/// (ClassifierKind::Token). Immutable and thread-safe.
class TextClassifier {
 public:
  /// Computes logits on one thread. Not thread-safe; keeps the classifier's weights alive.
  class Worker {
   public:
    /// One row of num_labels logits per text, or per token, of `batch`, which comes from `tokenize` of the
    /// same classifier or is a selection of its texts. Every text needs a token.
    std::vector<float> classify(const nn::PackedBatchView& batch);

   private:
    friend class TextClassifier;
    struct Model;
    explicit Worker(std::shared_ptr<const Model> model);

    std::shared_ptr<const Model> model_;
    std::unique_ptr<nn::EncoderWorker> worker_;
  };

  /// Throws Model errors that name the id and the file: NotFound, DataCorruption, or Unsupported for an
  /// architecture, backend or precision that has no implementation.
  static std::shared_ptr<const TextClassifier> load(const ResolvedModel& model, ClassifierKind kind,
                                                    Config::Precision precision,
                                                    const nn::Device& device = {});
  ~TextClassifier();
  TextClassifier(const TextClassifier&) = delete;
  TextClassifier& operator=(const TextClassifier&) = delete;

  const std::string& model_id() const noexcept;
  ClassifierKind kind() const noexcept;
  const std::vector<std::string>& labels() const noexcept;  ///< by class, from `id2label`
  size_t max_tokens() const noexcept;                       ///< longer texts are cut, special tokens included
  nn::Precision precision() const noexcept;
  size_t weight_bytes() const noexcept;  ///< memory the packed weights occupy

  /// Token ids of each text, cut to `max_tokens`. Runs on the calling thread.
  text::TokenBatch tokenize(std::span<const std::string_view> texts) const;

  /// As `tokenize`, and writes where each token comes from to `spans`.
  text::TokenBatch tokenize_with_spans(std::span<const std::string_view> texts,
                                       std::vector<text::CharacterSpan>& spans) const;

  std::unique_ptr<Worker> make_worker() const;

 private:
  struct State;
  explicit TextClassifier(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace jammi::model
