#include "nn/weights.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <jammi/error.h>

namespace jammi::nn {
namespace {

template <typename Shape>
std::string text_of(const Shape& shape) {
  std::string text = "[";
  for (int64_t size : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(size);
  }
  return text + "]";
}

[[noreturn]] void throw_corrupt(const TensorSource& source, const std::string& name,
                                const std::string& what) {
  throw Error(ErrorCode::DataCorruption, ErrorCategory::Model,
              "unusable weight: " + name + " " + what + " in " + source.description());
}

struct Bf16Bits {
  uint16_t bits;
  explicit operator float() const { return std::bit_cast<float>(uint32_t{bits} << 16); }
};

/// Converts elements one memcpy at a time, because a checkpoint does not promise aligned tensors.
template <typename Element>
void convert(std::span<const std::byte> bytes, std::span<float> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    Element element;
    std::memcpy(&element, bytes.data() + i * sizeof(Element), sizeof(Element));
    values[i] = static_cast<float>(element);
  }
}

}  // namespace

std::vector<float> read_weight(const TensorSource& source, const std::string& name,
                               std::initializer_list<int64_t> shape) {
  std::optional<TensorView> tensor = source.find(name);
  if (!tensor) {
    throw Error(ErrorCode::NotFound, ErrorCategory::Model,
                "weight not found: " + name + " in " + source.description());
  }
  if (!std::ranges::equal(tensor->shape, shape)) {
    throw_corrupt(source, name, "has shape " + text_of(tensor->shape) + " instead of " + text_of(shape));
  }
  size_t num_values = 1;
  for (int64_t size : shape) num_values *= static_cast<size_t>(size);
  if (tensor->bytes.size() != num_values * size_of(tensor->dtype)) {
    throw_corrupt(source, name,
                  "has " + std::to_string(tensor->bytes.size()) + " bytes for shape " + text_of(shape));
  }
  std::vector<float> values(num_values);
  switch (tensor->dtype) {
    case DType::F32:
      std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
      break;
    case DType::F64:
      convert<double>(tensor->bytes, values);
      break;
    case DType::F16:
      convert<_Float16>(tensor->bytes, values);
      break;
    case DType::BF16:
      convert<Bf16Bits>(tensor->bytes, values);
      break;
    default:
      throw_corrupt(source, name, "has type " + std::string(to_string(tensor->dtype)));
  }
  return values;
}

}  // namespace jammi::nn
