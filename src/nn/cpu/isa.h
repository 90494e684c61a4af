#pragma once

#include <string_view>

namespace jammi::nn::cpu {

/// Instruction sets that the kernels are compiled for, slowest first. Those with VNNI multiply bytes in one
/// instruction, the one with AMX multiplies whole tiles of them; they are otherwise like those without.
enum class Isa { Generic, Avx2, Avx2Vnni, Avx512, Avx512Vnni, Avx512Amx };

inline constexpr Isa kIsas[] = {Isa::Generic, Isa::Avx2,       Isa::Avx2Vnni,
                                Isa::Avx512,  Isa::Avx512Vnni, Isa::Avx512Amx};

/// generic, avx2, avx2_vnni, avx512, avx512_vnni, avx512_amx
std::string_view to_string(Isa isa) noexcept;

/// True when this CPU and operating system run code compiled for `isa`. May ask Linux for the permission to
/// use AMX tiles, which it gives to the whole process.
bool is_available(Isa isa) noexcept;

/// The fastest available instruction set.
Isa best_isa() noexcept;

/// True when the CPU multiplies bf16 matrices in hardware (AMX-BF16 or AVX512-BF16). The first call may ask
/// Linux for the permission to use AMX tiles.
bool has_bf16_products() noexcept;

}  // namespace jammi::nn::cpu
