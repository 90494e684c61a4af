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
#include "model/text_model.h"
#include "nn/encoder.h"
#include "text/tokenizer.h"

namespace jammi::model {

/// A model that gives logits over its labels to texts (ClassifierKind::Sequence) or to each of their tokens
/// (ClassifierKind::Token). Every text needs a token.
class TextClassifier final : public TextModel {
 public:
  /// Throws Model errors that name the id and the file: NotFound, DataCorruption, or Unsupported for an
  /// architecture, backend or precision that has no implementation and for a head of the other kind.
  static std::shared_ptr<const TextClassifier> load(const ResolvedModel& model, ClassifierKind kind,
                                                    Config::Precision precision,
                                                    const nn::Device& device = {});
  ~TextClassifier() override;

  const std::string& model_id() const noexcept override;
  size_t weight_bytes() const noexcept override;
  size_t row_width() const noexcept override { return labels().size(); }
  bool is_per_token() const noexcept override { return kind() == ClassifierKind::Token; }
  text::TokenBatch tokenize(std::span<const std::string_view> texts) const override;
  size_t tokens_per_batch() const noexcept override;
  std::unique_ptr<TextWorker> make_worker() const override;

  ClassifierKind kind() const noexcept;
  const std::vector<std::string>& labels() const noexcept;  ///< by class, from `id2label`
  size_t max_tokens() const noexcept;                       ///< longer texts are cut, special tokens included
  nn::Precision precision() const noexcept;

 private:
  struct State;
  explicit TextClassifier(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace jammi::model
