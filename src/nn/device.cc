#include "nn/device.h"

#include <jammi/error.h>

#include "base/shared_library.h"
#include "nn/torch/plugin.h"

namespace jammi::nn {
namespace {

constexpr char kDriver[] = "libcuda.so.1";

/// How many devices the NVIDIA driver shows to this process. Throws Unsupported when there is no driver.
int64_t count_driver_devices() {
  const base::SharedLibrary driver(kDriver);
  const auto initialize = driver.function<int(unsigned flags)>("cuInit");
  const auto get_count = driver.function<int(int*)>("cuDeviceGetCount");
  int count = 0;
  return initialize(0) == 0 && get_count(&count) == 0 ? count : 0;
}

std::string absence(int64_t index, const std::string& place, int64_t count) {
  return "CUDA device " + std::to_string(index) + " does not exist: " + place + " shows " +
         std::to_string(count);
}

}  // namespace

std::string to_string(const Device& device) {
  switch (device.kind) {
    case Device::Kind::Cpu:
      return "cpu";
    case Device::Kind::Cuda:
      return "cuda:" + std::to_string(device.index);
    case Device::Kind::TorchCpu:
      return "torch:cpu";
  }
  return "";
}

size_t tokens_per_batch(const Device& device) noexcept {
  return device.kind == Device::Kind::Cuda ? 16384 : 768;
}

CudaStatus cuda_status(int64_t index) {
  CudaStatus status;
  try {
    const int64_t on_machine = count_driver_devices();
    status.is_present = index < on_machine;
    if (!status.is_present) {
      status.problem = absence(index, "the NVIDIA driver", on_machine);
      return status;
    }
    const int64_t in_torch =
        torch::plugin().function<decltype(jammi_count_cuda_devices)>("jammi_count_cuda_devices")();
    if (in_torch == 0) {
      status.problem = "libjammi_torch.so was built against a libtorch without CUDA";
    } else if (index >= in_torch) {
      status.problem = absence(index, "libtorch", in_torch);
    }
  } catch (const Error& error) {
    const std::string what =
        status.is_present ? "The CUDA plugin cannot be used" : "There is no NVIDIA driver";
    status.problem = what + ": " + error.message();
  }
  return status;
}

uint64_t cuda_memory_bytes(int64_t index) {
  try {
    const base::SharedLibrary driver(kDriver);
    const auto initialize = driver.function<int(unsigned flags)>("cuInit");
    const auto get_device = driver.function<int(int* device, int index)>("cuDeviceGet");
    const auto get_bytes = driver.function<int(size_t* bytes, int device)>("cuDeviceTotalMem_v2");
    int device = 0;
    size_t bytes = 0;
    const bool is_known = initialize(0) == 0 && get_device(&device, static_cast<int>(index)) == 0 &&
                          get_bytes(&bytes, device) == 0;
    return is_known ? bytes : 0;
  } catch (const Error&) {
    return 0;  // there is no driver, or one without these functions
  }
}

}  // namespace jammi::nn
