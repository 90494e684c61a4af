#pragma once

#include "nn/cpu/kernels/kernels.h"
#include "nn/encoder_spec.h"

/// Parts of an EncoderSpec in the kernels' terms.
namespace jammi::nn::cpu {

inline Visibility visibility_of(const AttentionSpec& attention) {
  return {.is_causal = attention.is_causal, .window = static_cast<size_t>(attention.window)};
}

inline Epilogue epilogue_of(EncoderSpec::Activation activation) {
  switch (activation) {
    case EncoderSpec::Activation::Gelu:
      return Epilogue::Gelu;
    case EncoderSpec::Activation::GeluTanh:
      return Epilogue::GeluTanh;
    case EncoderSpec::Activation::QuickGelu:
      return Epilogue::QuickGelu;
    case EncoderSpec::Activation::Relu:
      return Epilogue::Relu;
  }
  return Epilogue::None;
}

}  // namespace jammi::nn::cpu
