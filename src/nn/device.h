#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace jammi::nn {

/// What computes an encoder: this library's kernels on the CPU, or libtorch, which the plugin
/// libjammi_torch.so holds. TorchCpu lets tests compare the two where there is no GPU.
struct Device {
  enum class Kind { Cpu, Cuda, TorchCpu };

  Kind kind = Kind::Cpu;
  int64_t index = 0;  ///< which CUDA device

  bool operator==(const Device&) const = default;
};

std::string to_string(const Device& device);  ///< cpu, cuda:0, torch:cpu

/// Tokens in the batches that a device computes fastest: few enough for a core's cache, or enough to fill a
/// GPU.
size_t tokens_per_batch(const Device& device) noexcept;

/// Whether a CUDA device can compute.
struct CudaStatus {
  bool is_present = false;  ///< the NVIDIA driver shows the device
  std::string problem;      ///< why it cannot be used all the same, and what is missing; empty when it can
};

/// Looks for CUDA device `index`. Loads the plugin only when the NVIDIA driver shows the device, so that a
/// machine without a GPU pays next to nothing.
CudaStatus cuda_status(int64_t index);

/// Bytes of memory of CUDA device `index`, as the NVIDIA driver tells; 0 when it does not.
uint64_t cuda_memory_bytes(int64_t index);

}  // namespace jammi::nn
