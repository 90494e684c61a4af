#include "nn/device.h"

#include <gtest/gtest.h>

#include "base/testing.h"
#include "nn/encoder.h"
#include "nn/testing.h"

namespace jammi::nn {
namespace {

/// More than any machine has.
constexpr Device kMissing{Device::Kind::Cuda, 127};

TEST(Device, is_written_as_kind_and_number) {
  EXPECT_EQ(to_string(Device{}), "cpu");
  EXPECT_EQ(to_string(Device{Device::Kind::Cuda, 1}), "cuda:1");
  EXPECT_EQ(to_string(Device{Device::Kind::TorchCpu}), "torch:cpu");
}

TEST(Device, that_is_missing_is_not_present_and_says_why) {
  const CudaStatus status = cuda_status(kMissing.index);
  EXPECT_FALSE(status.is_present);
  EXPECT_FALSE(status.problem.empty());
}

TEST(Device, that_is_missing_is_no_place_for_an_encoder) {
  const testing::RandomModel model(testing::tiny_spec(), 1);
  EXPECT_ERROR(ErrorCode::Unsupported, "GPU error: " + cuda_status(kMissing.index).problem,
               Encoder::load(model.spec, model.names, model.source, Precision::F32, kMissing));
}

TEST(Device, decides_what_the_preferred_precision_is) {
  EXPECT_EQ(preferred_precision({Device::Kind::Cuda, 0}), Precision::Bf16);
  EXPECT_EQ(preferred_precision({Device::Kind::TorchCpu}), Precision::F32);
}

TEST(Device, decides_how_large_batches_are) {
  EXPECT_GT(tokens_per_batch({Device::Kind::Cuda, 0}), 10 * tokens_per_batch({}));
  const testing::RandomModel model(testing::tiny_spec(), 1);
  for (const Device device : {Device{}, Device{Device::Kind::TorchCpu}}) {
    const auto encoder = Encoder::load(model.spec, model.names, model.source, Precision::F32, device);
    EXPECT_EQ(encoder->tokens_per_batch(), tokens_per_batch(device)) << to_string(device);
  }
}

TEST(Device, of_the_cpu_refuses_f16) {
  const testing::RandomModel model(testing::tiny_spec(), 1);
  EXPECT_ERROR(ErrorCode::Unsupported, "f16 needs a GPU",
               Encoder::load(model.spec, model.names, model.source, Precision::F16));
}

TEST(Device, other_than_the_cpu_refuses_int8) {
  const testing::RandomModel model(testing::tiny_spec(), 1);
  EXPECT_ERROR(
      ErrorCode::Unsupported, "int8 is computed on the CPU only, not on torch:cpu",
      Encoder::load(model.spec, model.names, model.source, Precision::Int8, {Device::Kind::TorchCpu}));
}

}  // namespace
}  // namespace jammi::nn
