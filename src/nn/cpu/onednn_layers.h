#pragma once

#include <memory>

#include "nn/cpu/kernels/kernels.h"
#include "nn/cpu/layers.h"

namespace jammi::nn::cpu {

/// Layers whose matrix products oneDNN computes in `precision`; norms, softmax and the residual stream are
/// f32 in `kernels`, which must outlive the layers. Bf16 is meant for CPUs with AMX-BF16 or AVX512-BF16: a
/// warning is logged when oneDNN has only a reference implementation, and Unsupported is thrown when it has
/// none (below AVX-512).
std::unique_ptr<const LayerStack> make_onednn_layers(const EncoderSpec& spec, const ReadLayer& read_layer,
                                                     Precision precision, const Kernels& kernels);

}  // namespace jammi::nn::cpu
