#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nn/tensor_source.h"

namespace jammi::model {

/// The tensors of one or more memory-mapped safetensors files. Immutable and thread-safe; the views it gives
/// live as long as it does. Files must not be truncated while they are open.
class Safetensors final : public nn::TensorSource {
 public:
  /// Throws Model errors that name the file and the tensor: DataCorruption for a file that breaks the format
  /// or repeats a tensor of another, Unsupported for an element type nn::DType lacks; Io NotFound for a
  /// missing file.
  static std::shared_ptr<const Safetensors> open(std::span<const std::filesystem::path> files);
  ~Safetensors() override;

  std::optional<nn::TensorView> find(std::string_view name) const override;
  std::string description() const override;

  std::vector<std::string> names() const;  ///< sorted

 private:
  struct State;
  explicit Safetensors(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The files that an index (model.safetensors.index.json) names, sorted, in the index's directory, whether
/// they exist or not. Throws Model DataCorruption for a malformed index or a name that leaves the directory.
std::vector<std::filesystem::path> safetensors_shards(const std::filesystem::path& index_json);

}  // namespace jammi::model
