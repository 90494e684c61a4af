#include "model/device.h"

#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/memory_budget.h"
#include "base/testing.h"

namespace jammi::model {
namespace {

using Kind = nn::Device::Kind;

/// A machine with `num_devices` CUDA devices, all of which have `problem`.
auto machine(int64_t num_devices, const std::string& problem = "") {
  return [=](int64_t index) -> nn::CudaStatus {
    if (index < num_devices) return {.is_present = true, .problem = problem};
    return {.is_present = false, .problem = "no device " + std::to_string(index)};
  };
}

TEST(ChooseDevice, takes_the_cuda_device_of_that_number) {
  EXPECT_EQ(choose_device({.device = 0}, machine(2)), (nn::Device{Kind::Cuda, 0}));
  EXPECT_EQ(choose_device({.device = 1}, machine(2)), (nn::Device{Kind::Cuda, 1}));
}

TEST(ChooseDevice, does_not_look_for_a_gpu_when_the_cpu_is_asked_for) {
  const auto never = [](int64_t) -> nn::CudaStatus { throw std::logic_error("looked for a GPU"); };
  EXPECT_EQ(choose_device({.device = -1}, never).kind, Kind::Cpu);
}

TEST(ChooseDevice, falls_back_to_the_cpu_by_default_and_says_so_only_if_a_gpu_lies_idle) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(choose_device({}, machine(0)).kind, Kind::Cpu);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(choose_device({}, machine(1, "libtorch has no CUDA")).kind, Kind::Cpu);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), ::testing::HasSubstr("libtorch has no CUDA"));
}

TEST(ChooseDevice, insists_on_a_gpu_that_is_required_or_numbered) {
  EXPECT_ERROR(ErrorCode::Unsupported, "-1 to compute on the CPU: no device 0",
               choose_device({.require_gpu = true}, machine(0)));
  EXPECT_ERROR(ErrorCode::Unsupported, "no device 3", choose_device({.device = 3}, machine(2)));
  EXPECT_ERROR(ErrorCode::Unsupported, "libtorch has no CUDA",
               choose_device({.require_gpu = true}, machine(1, "libtorch has no CUDA")));
}

TEST(GpuMemoryBudget, is_the_limit_times_the_fraction) {
  constexpr uint64_t kTotal = 1 << 30;
  EXPECT_EQ(gpu_memory_budget({.memory_fraction = 0.5}, kTotal), kTotal / 2);
  EXPECT_EQ(gpu_memory_budget({.memory_limit = "50%", .memory_fraction = 0.5}, kTotal), kTotal / 4);
  EXPECT_EQ(gpu_memory_budget({.memory_limit = "64MB", .memory_fraction = 1}, kTotal), 64u << 20);
  EXPECT_EQ(gpu_memory_budget({.memory_limit = "8GB", .memory_fraction = 1}, kTotal), kTotal)
      << "there is no more than the GPU has";
}

TEST(GpuMemoryBudget, has_no_bound_when_the_memory_is_not_known) {
  EXPECT_EQ(gpu_memory_budget({}, 0), base::MemoryBudget::kUnlimited);
  EXPECT_EQ(gpu_memory_budget({.memory_limit = "50%"}, 0), base::MemoryBudget::kUnlimited);
  EXPECT_EQ(gpu_memory_budget({.memory_limit = "64MB", .memory_fraction = 0.5}, 0), 32u << 20);
}

}  // namespace
}  // namespace jammi::model
