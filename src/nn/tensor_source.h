#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jammi::nn {

enum class DType { F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool };

/// Bytes per element.
size_t size_of(DType dtype) noexcept;
std::string_view to_string(DType dtype) noexcept;

/// A tensor in row-major order whose bytes belong to the source that gave it. Bytes may be unaligned.
struct TensorView {
  DType dtype = DType::F32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;  ///< product(shape) * size_of(dtype) bytes
};

/// Named weights of a model, for example one or more safetensors files. Immutable, safe to read from any
/// thread; must outlive every TensorView it gave.
class TensorSource {
 public:
  virtual ~TensorSource() = default;

  /// The tensor of that exact name, or nothing.
  virtual std::optional<TensorView> find(std::string_view name) const = 0;

  /// Where the weights come from, for error messages (usually a file path).
  virtual std::string description() const = 0;
};

}  // namespace jammi::nn
