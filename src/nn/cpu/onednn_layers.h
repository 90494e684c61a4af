#pragma once

#include <memory>

#include "nn/cpu/kernels/kernels.h"
#include "nn/cpu/layers.h"

namespace jammi::nn::cpu {

/// Layers whose matrix products oneDNN computes in bf16 with f32 accumulation; norms, softmax and the residual stream
/// are f32 in `kernels`, which must outlive the layers. Correct on every CPU, fast with AMX-BF16 or AVX512-BF16: a
/// warning is logged when oneDNN chose a reference implementation.
std::unique_ptr<const LayerStack> make_onednn_layers(const EncoderSpec& spec, const ReadLayer& read_layer,
                                                     const Kernels& kernels);

}  // namespace jammi::nn::cpu
