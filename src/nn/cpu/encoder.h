#pragma once

#include <memory>

#include "nn/cpu/isa.h"
#include "nn/encoder.h"

namespace jammi::nn::cpu {

/// How to use this CPU. The defaults are the fastest; tests choose the others.
struct Options {
  Isa isa = best_isa();
  bool multiplies_bf16_natively = has_bf16_products();  ///< through oneDNN; otherwise bf16 rounding and f32 products
};

/// Encoder::load for an explicit choice of kernels. `options.isa` must be available.
std::shared_ptr<const Encoder> load_encoder(const EncoderSpec& spec, const WeightNames& names,
                                            const TensorSource& weights, Precision precision,
                                            const Options& options = {});

}  // namespace jammi::nn::cpu
