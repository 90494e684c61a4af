#include "nn/cpu/isa.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace jammi::nn::cpu {
namespace {

#if defined(__x86_64__)

constexpr long kArchReqXcompPerm = 0x1023;  // arch_prctl code ARCH_REQ_XCOMP_PERM
constexpr long kXfeatureTileData = 18;

// Bits of EDX in CPUID leaf 7.
constexpr unsigned kAmxBf16 = 1U << 22;
constexpr unsigned kAmxTile = 1U << 24;
constexpr unsigned kAmxInt8 = 1U << 25;

/// True when the CPU has AMX tiles with the `element` products and Linux lets this process use them.
bool has_amx(unsigned element) noexcept {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  if ((edx & element) == 0 || (edx & kAmxTile) == 0) return false;
  return syscall(SYS_arch_prctl, kArchReqXcompPerm, kXfeatureTileData) == 0;
}

bool has_amx_bf16() noexcept {
  return has_amx(kAmxBf16);
}

bool has_amx_int8() noexcept {
  return has_amx(kAmxInt8);
}

bool has_avx512() noexcept {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

bool has_avx2() noexcept {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

bool has_avx512_bf16() noexcept {
  return __builtin_cpu_supports("avx512bf16");
}

bool has_avx512_vnni() noexcept {
  return __builtin_cpu_supports("avx512vnni");
}

bool has_avx_vnni() noexcept {
  return __builtin_cpu_supports("avxvnni");
}

#else

bool has_amx_bf16() noexcept {
  return false;
}
bool has_amx_int8() noexcept {
  return false;
}
bool has_avx512() noexcept {
  return false;
}
bool has_avx2() noexcept {
  return false;
}
bool has_avx512_bf16() noexcept {
  return false;
}
bool has_avx512_vnni() noexcept {
  return false;
}
bool has_avx_vnni() noexcept {
  return false;
}

#endif

}  // namespace

std::string_view to_string(Isa isa) noexcept {
  switch (isa) {
    case Isa::Generic:
      return "generic";
    case Isa::Avx2:
      return "avx2";
    case Isa::Avx2Vnni:
      return "avx2_vnni";
    case Isa::Avx512:
      return "avx512";
    case Isa::Avx512Vnni:
      return "avx512_vnni";
    case Isa::Avx512Amx:
      return "avx512_amx";
  }
  return "";
}

bool is_available(Isa isa) noexcept {
  switch (isa) {
    case Isa::Generic:
      return true;
    case Isa::Avx2:
      return has_avx2();
    case Isa::Avx2Vnni:
      return has_avx2() && has_avx_vnni();
    case Isa::Avx512:
      return has_avx2() && has_avx512();
    case Isa::Avx512Vnni:
      return has_avx2() && has_avx512() && has_avx512_vnni();
    case Isa::Avx512Amx:
      return has_avx2() && has_avx512() && has_avx512_vnni() && has_amx_int8();
  }
  return false;
}

Isa best_isa() noexcept {
  Isa best = Isa::Generic;
  for (Isa isa : kIsas) {
    if (is_available(isa)) best = isa;
  }
  return best;
}

bool has_bf16_products() noexcept {
  static const bool has = has_amx_bf16() || has_avx512_bf16();
  return has;
}

}  // namespace jammi::nn::cpu
