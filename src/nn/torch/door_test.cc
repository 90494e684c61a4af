#include "nn/torch/door.h"

#include <cstdint>

#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::nn::torch {
namespace {

TEST(TorchDoor, turns_a_full_device_into_bad_alloc) {
  EXPECT_THROW(at_door([] {
                 TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory. Tried to allocate 2 GiB");
               }),
               std::bad_alloc);
  EXPECT_THROW(
      at_door([] { TORCH_CHECK(false, "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"); }),
      std::bad_alloc);
}

TEST(TorchDoor, turns_a_full_host_into_bad_alloc) {
  constexpr int64_t kBeyondAnyAddressSpace = int64_t{1} << 58;
  EXPECT_THROW(at_door([] { at::empty({kBeyondAnyAddressSpace}, at::kByte); }), std::bad_alloc);
}

TEST(TorchDoor, turns_other_trouble_into_an_error_that_says_what_it_was) {
  EXPECT_ERROR(ErrorCode::Internal, "Model error: libtorch failed: sizes differ",
               at_door([] { TORCH_CHECK(false, "sizes differ"); }));
}

TEST(TorchDoor, lets_results_and_our_own_errors_pass) {
  EXPECT_EQ(at_door([] { return 3; }), 3);
  EXPECT_ERROR(ErrorCode::NotFound, "no such weight",
               at_door([] { throw Error(ErrorCode::NotFound, ErrorCategory::Model, "no such weight"); }));
}

}  // namespace
}  // namespace jammi::nn::torch
