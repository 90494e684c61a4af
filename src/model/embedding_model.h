#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace jammi::model {

/// What a stored vector depends on. Two vectors are comparable when their identities are equal. What cannot
/// be known of a model is empty.
struct ModelIdentity {
  std::string digest;            ///< SHA-256 over configuration, tokenizer and weights
  std::string tokenizer_digest;  ///< SHA-256 of the tokenizer's file
  std::string pooling;           ///< mean, cls, ...
  std::string precision;         ///< f32, bf16, or remote: whatever the server has
};

/// A model that turns texts into unit-length vectors, whether it is computed here or by a server.
/// Thread-safe.
class EmbeddingModel {
 public:
  EmbeddingModel();
  virtual ~EmbeddingModel() = default;

  /// Tells this loaded model from every other that the process has loaded, be it from the same files.
  uint64_t load_number() const noexcept { return load_number_; }

  virtual size_t dimensions() const noexcept = 0;

  /// The first call may read every file of the model (about 0.3 s per 100 MB).
  virtual const ModelIdentity& identity() const = 0;

  /// The vector of one text that searches, not empty. Throws Cancelled on a stop request when a server is
  /// asked for it.
  virtual std::vector<float> embed_query(std::string_view text, std::stop_token stop) const = 0;

 private:
  const uint64_t load_number_;
};

}  // namespace jammi::model
