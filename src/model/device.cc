#include "model/device.h"

#include <jammi/error.h>

#include "base/log.h"

namespace jammi::model {

nn::Device choose_device(const Config::Gpu& gpu, const std::function<nn::CudaStatus(int64_t)>& status_of) {
  if (gpu.device < 0) return {};
  const nn::CudaStatus status = status_of(gpu.device);
  if (status.problem.empty()) return {.kind = nn::Device::Kind::Cuda, .index = gpu.device};
  if (gpu.require_gpu || gpu.device > 0) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Gpu,
                "gpu.device cannot be used; set it to -1 to compute on the CPU: " + status.problem);
  }
  if (status.is_present) log::warn("The GPU is not used, the CPU computes: " + status.problem);
  return {};
}

}  // namespace jammi::model
