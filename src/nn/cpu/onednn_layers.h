#pragma once

#include <memory>

#include "nn/cpu/kernels/kernels.h"
#include "nn/cpu/layers.h"

namespace jammi::nn::cpu {

/// Layers whose matrix products oneDNN computes in `precision`; norms, softmax and the residual stream are
/// f32 in `kernels`, which must outlive the layers. Bf16 is meant for CPUs with AMX-BF16 or AVX512-BF16: a
/// warning is logged when oneDNN has only a reference implementation, and Unsupported is thrown when it has
/// none (below AVX-512), or when the plugin that holds oneDNN is missing.
std::unique_ptr<const LayerStack> make_onednn_layers(const StackSource& source, Precision precision,
                                                     const Kernels& kernels);

}  // namespace jammi::nn::cpu

/// The one entry of the plugin libjammi_onednn.so, which is loaded on first use: a process that computes
/// nothing in bf16 does not pay for loading oneDNN. The caller owns the layers.
extern "C" __attribute__((visibility("default"))) const jammi::nn::cpu::LayerStack* jammi_make_onednn_layers(
    const jammi::nn::cpu::StackSource& source, jammi::nn::Precision precision,
    const jammi::nn::cpu::Kernels& kernels);
