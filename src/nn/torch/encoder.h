#pragma once

#include <memory>

#include "nn/device.h"
#include "nn/encoder.h"

namespace jammi::nn::torch {

/// Encoder::load for a device of libtorch. Throws also Gpu-category errors: Unsupported naming what is
/// missing when the device cannot be used, ResourceExhausted when the weights do not fit into its memory.
std::shared_ptr<const Encoder> load_encoder(const EncoderSpec& spec, const WeightNames& names,
                                            const TensorSource& weights, Precision precision,
                                            const Device& device);

}  // namespace jammi::nn::torch
