#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <jammi/config.h>

#include "model/embedding_model.h"
#include "model/resolver.h"
#include "model/text_model.h"
#include "nn/encoder.h"
#include "text/tokenizer.h"

namespace jammi::model {

/// What a text is for. Models that were trained with prompts ("query: ", "passage: ") put another one before
/// each kind.
enum class TextRole { Query, Document };

/// Turns texts into unit-length vectors: prompt, tokenizer, encoder, pooling, projection and normalisation of
/// one model. A text without tokens becomes zeros.
class TextEmbedder final : public TextModel, public EmbeddingModel {
 public:
  /// Throws Model errors that name the id and the file: NotFound, DataCorruption, or Unsupported for an
  /// architecture, backend or precision that has no implementation.
  static std::shared_ptr<const TextEmbedder> load(const ResolvedModel& model, Config::Precision precision,
                                                  const nn::Device& device = {});
  ~TextEmbedder() override;

  const std::string& model_id() const noexcept override;
  size_t weight_bytes() const noexcept override;
  size_t row_width() const noexcept override { return dimensions(); }
  bool is_per_token() const noexcept override { return false; }
  size_t tokens_per_batch() const noexcept override;
  std::unique_ptr<TextWorker> make_worker() const override;

  /// As documents.
  text::TokenBatch tokenize(std::span<const std::string_view> texts) const override;
  text::TokenBatch tokenize(std::span<const std::string_view> texts, TextRole role) const;

  size_t dimensions() const noexcept override;
  size_t max_tokens() const noexcept;  ///< longer texts are cut, prompt and special tokens included
  nn::Precision precision() const noexcept;
  nn::Pooling pooling() const noexcept;
  std::string kernel_name() const;  ///< for logs and benchmarks

  const ModelIdentity& identity() const override;

  std::vector<float> embed_query(std::string_view text, std::stop_token) const override {
    return embed(text, TextRole::Query);
  }

  /// The vector of one text, computed on the calling thread.
  std::vector<float> embed(std::string_view text, TextRole role = TextRole::Query) const;

 private:
  struct State;
  explicit TextEmbedder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace jammi::model
