#pragma once

#include <memory>

#include "nn/cpu/isa.h"
#include "nn/encoder.h"

namespace jammi::nn::cpu {

/// How to use this CPU. The defaults are the fastest; tests choose the others.
struct Options {
  Isa isa = best_isa();
  /// oneDNN multiplies instead of this library's kernels, which emulate bf16 by rounding. Not for Int8.
  bool uses_onednn = false;
};

/// The fastest choice for `precision`: oneDNN where the CPU multiplies bf16 in hardware.
Options fastest_options(Precision precision) noexcept;

/// Encoder::load for an explicit choice of kernels. `options.isa` must be available. Throws Unsupported for
/// F16, and for Int8 with oneDNN.
std::shared_ptr<const Encoder> load_encoder(const EncoderSpec& spec, const WeightNames& names,
                                            const TensorSource& weights, Precision precision,
                                            const Options& options);

}  // namespace jammi::nn::cpu
