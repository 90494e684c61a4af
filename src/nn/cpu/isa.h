#pragma once

#include <string_view>

namespace jammi::nn::cpu {

/// Instruction sets that the kernels are compiled for, slowest first.
enum class Isa { Generic, Avx2, Avx512 };

std::string_view to_string(Isa isa) noexcept;  ///< generic, avx2, avx512

/// True when this CPU and operating system run code compiled for `isa`.
bool is_available(Isa isa) noexcept;

/// The fastest available instruction set.
Isa best_isa() noexcept;

/// True when the CPU multiplies bf16 matrices in hardware (AMX-BF16 or AVX512-BF16). The first call asks
/// Linux for the permission to use AMX tiles.
bool has_bf16_products() noexcept;

}  // namespace jammi::nn::cpu
