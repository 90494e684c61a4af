#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jammi/config.h>

#include "model/resolver.h"
#include "model/text_model.h"
#include "nn/encoder.h"
#include "text/tokenizer.h"

namespace jammi::model {

/// What a stored vector depends on. Two vectors are comparable when their identities are equal.
struct ModelIdentity {
  std::string digest;            ///< SHA-256 over configuration, tokenizer and weights
  std::string tokenizer_digest;  ///< SHA-256 of the tokenizer's file
};

/// What a text is for. Models that were trained with prompts ("query: ", "passage: ") put another one before
/// each kind.
enum class TextRole { Query, Document };

/// Turns texts into unit-length vectors: prompt, tokenizer, encoder, pooling, projection and normalisation of
/// one model. A text without tokens becomes zeros.
class TextEmbedder final : public TextModel {
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
  std::unique_ptr<TextWorker> make_worker() const override;

  /// As documents.
  text::TokenBatch tokenize(std::span<const std::string_view> texts) const override;
  text::TokenBatch tokenize(std::span<const std::string_view> texts, TextRole role) const;

  /// Tells this loaded model from every other that the process has loaded, be it from the same files.
  uint64_t load_number() const noexcept;

  size_t dimensions() const noexcept;
  size_t max_tokens() const noexcept;  ///< longer texts are cut, prompt and special tokens included
  nn::Precision precision() const noexcept;
  nn::Pooling pooling() const noexcept;
  std::string kernel_name() const;  ///< for logs and benchmarks

  /// Computed on the first call by reading every file of the model (about 0.3 s per 100 MB), then remembered.
  const ModelIdentity& identity() const;

  /// The vector of one text, computed on the calling thread.
  std::vector<float> embed(std::string_view text, TextRole role = TextRole::Query) const;

 private:
  struct State;
  explicit TextEmbedder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace jammi::model
