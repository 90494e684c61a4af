#pragma once

#include <cstdint>
#include <functional>

#include <jammi/config.h>

#include "nn/device.h"

namespace jammi::model {

/// The device that a configuration asks for: −1 is the CPU, another number that CUDA device. Number 0, which
/// is the default, takes the first GPU where it can be used and the CPU elsewhere, with a warning if there is
/// one; `gpu.require_gpu` and every other number insist. Throws Unsupported (Gpu category) saying what is
/// missing. `status_of` looks for a device.
nn::Device choose_device(const Config::Gpu& gpu,
                         const std::function<nn::CudaStatus(int64_t)>& status_of = nn::cuda_status);

/// Bytes that models may take of a GPU's `total_bytes` (0: unknown): `gpu.memory_limit` of them, times
/// `gpu.memory_fraction`; MemoryBudget::kUnlimited when they cannot be known.
uint64_t gpu_memory_budget(const Config::Gpu& gpu, uint64_t total_bytes);

/// Bytes that models may take of the machine's `total_bytes`: three quarters.
uint64_t host_memory_budget(uint64_t total_bytes);

}  // namespace jammi::model
