#include "nn/weights.h"

#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::nn {
namespace {

template <typename Element>
std::vector<std::byte> bytes_of(std::initializer_list<Element> elements) {
  std::vector<std::byte> bytes(elements.size() * sizeof(Element));
  std::memcpy(bytes.data(), elements.begin(), bytes.size());
  return bytes;
}

/// Gives one tensor whose bytes start at an odd address.
class UnalignedSource final : public TensorSource {
 public:
  UnalignedSource(DType dtype, const std::vector<std::byte>& bytes)
      : dtype_(dtype), bytes_(bytes.size() + 1) {
    std::memcpy(bytes_.data() + 1, bytes.data(), bytes.size());
  }
  std::optional<TensorView> find(std::string_view) const override {
    return TensorView{.dtype = dtype_, .shape = {3}, .bytes = std::span(bytes_).subspan(1)};
  }
  std::string description() const override { return "memory"; }

 private:
  DType dtype_;
  std::vector<std::byte> bytes_;
};

TEST(Weights, every_floating_type_becomes_f32_also_from_odd_addresses) {
  const std::vector<float> expected{1.5f, -0.25f, 1024.0f};
  const std::pair<DType, std::vector<std::byte>> tensors[] = {
      {DType::F64, bytes_of({1.5, -0.25, 1024.0})},
      {DType::F32, bytes_of({1.5f, -0.25f, 1024.0f})},
      {DType::F16, bytes_of<uint16_t>({0x3E00, 0xB400, 0x6400})},
      {DType::BF16, bytes_of<uint16_t>({0x3FC0, 0xBE80, 0x4480})},
  };
  for (const auto& [dtype, bytes] : tensors) {
    EXPECT_EQ(read_weight(UnalignedSource(dtype, bytes), "w", {3}), expected) << to_string(dtype);
  }
}

TEST(Weights, half_precision_keeps_its_smallest_and_special_values) {
  const UnalignedSource source(DType::F16, bytes_of<uint16_t>({0x0001, 0x7C00, 0x8000}));
  const std::vector<float> values = read_weight(source, "w", {3});
  EXPECT_EQ(values[0], 0x1p-24f);
  EXPECT_EQ(values[1], INFINITY);
  EXPECT_TRUE(std::signbit(values[2]));
}

TEST(Weights, integers_are_not_weights) {
  for (DType dtype : {DType::I64, DType::I32, DType::I16, DType::I8, DType::U8, DType::Bool}) {
    const UnalignedSource source(dtype, std::vector<std::byte>(3 * size_of(dtype)));
    EXPECT_ERROR(ErrorCode::DataCorruption, "unusable weight: w has type " + std::string(to_string(dtype)),
                 read_weight(source, "w", {3}));
  }
}

}  // namespace
}  // namespace jammi::nn
