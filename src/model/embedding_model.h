#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "model/model_identity.h"

namespace jammi::model {

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
