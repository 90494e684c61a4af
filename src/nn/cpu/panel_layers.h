#pragma once

#include <memory>

#include "nn/cpu/kernels/kernels.h"
#include "nn/cpu/layers.h"

namespace jammi::nn::cpu {

/// Layers computed by this library's own f32 kernels. Precision::Bf16 rounds every operand of a matrix
/// product to bf16, which gives what bf16 hardware gives on CPUs that have none. `kernels` must outlive the
/// layers.
std::unique_ptr<const LayerStack> make_panel_layers(const StackSource& source, Precision precision,
                                                    const Kernels& kernels);

}  // namespace jammi::nn::cpu
