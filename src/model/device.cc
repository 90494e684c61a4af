#include "model/device.h"

#include <algorithm>

#include <jammi/error.h>

#include "base/log.h"
#include "base/memory_budget.h"

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

uint64_t gpu_memory_budget(const Config::Gpu& gpu, uint64_t total_bytes) {
  const bool is_share = gpu.memory_limit == "auto" || gpu.memory_limit.ends_with('%');
  if (is_share && total_bytes == 0) return base::MemoryBudget::kUnlimited;
  uint64_t limit = total_bytes;
  if (gpu.memory_limit != "auto") {
    limit = parse_byte_size(gpu.memory_limit, total_bytes, "gpu.memory_limit");
    if (total_bytes != 0) limit = std::min(limit, total_bytes);
  }
  return static_cast<uint64_t>(static_cast<double>(limit) * gpu.memory_fraction);
}

uint64_t host_memory_budget(uint64_t total_bytes) {
  return total_bytes / 4 * 3;
}

}  // namespace jammi::model
