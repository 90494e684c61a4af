#pragma once

#include "nn/cpu/kernels/kernels.h"
#include "nn/cpu/kernels/simd.h"

namespace jammi::nn::cpu::JAMMI_ISA {

/// Calls body(function from Vec to Vec) for an epilogue, so that the choice is made outside the body's loop;
/// not at all for Epilogue::None.
template <typename Body>
[[gnu::always_inline]] inline void with_activation(Epilogue epilogue, const Body& body) {
  switch (epilogue) {
    case Epilogue::None:
      break;
    case Epilogue::Gelu:
      body([](Vec x) { return gelu(x); });
      break;
    case Epilogue::GeluTanh:
      body([](Vec x) { return gelu_tanh(x); });
      break;
    case Epilogue::QuickGelu:
      body([](Vec x) { return quick_gelu(x); });
      break;
    case Epilogue::Relu:
      body([](Vec x) { return larger(x, Vec{}); });
      break;
  }
}

}  // namespace jammi::nn::cpu::JAMMI_ISA
