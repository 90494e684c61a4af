#include "nn/cpu/kernels/kernels.h"

namespace jammi::nn::cpu {

namespace generic {
extern const Kernels kKernels;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Kernels kKernels;
}
namespace avx2_vnni {
extern const Kernels kKernels;
}
namespace avx512 {
extern const Kernels kKernels;
}
namespace avx512_vnni {
extern const Kernels kKernels;
}
namespace avx512_amx {
extern const Kernels kKernels;
}
#endif

const Kernels& kernels_for(Isa isa) noexcept {
  switch (isa) {
#if defined(__x86_64__)
    case Isa::Avx2:
      return avx2::kKernels;
    case Isa::Avx2Vnni:
      return avx2_vnni::kKernels;
    case Isa::Avx512:
      return avx512::kKernels;
    case Isa::Avx512Vnni:
      return avx512_vnni::kKernels;
    case Isa::Avx512Amx:
      return avx512_amx::kKernels;
#endif
    default:
      return generic::kKernels;
  }
}

}  // namespace jammi::nn::cpu
