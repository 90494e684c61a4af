#pragma once

#include <cstddef>
#include <string>

namespace jammi::model {

/// A model in memory, whatever it does. Immutable and thread-safe.
class Model {
 public:
  Model() = default;
  virtual ~Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  /// The canonical id.
  virtual const std::string& model_id() const noexcept = 0;

  /// Memory that the packed weights occupy.
  virtual size_t weight_bytes() const noexcept = 0;
};

}  // namespace jammi::model
