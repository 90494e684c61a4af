#pragma once

#include <memory>

#include "nn/cpu/kernels/kernels.h"
#include "nn/cpu/layers.h"

namespace jammi::nn::cpu {

/// Layers computed by this library's own kernels. Precision::Bf16 rounds every operand of a matrix product to
/// bf16 and multiplies in f32, which gives what bf16 hardware gives on CPUs that have none. Precision::Int8
/// multiplies bytes: weights scaled per output once, rows per row as they come; the input layer and
/// everything else stays f32. `kernels` must outlive the layers.
std::unique_ptr<const LayerStack> make_panel_layers(const StackSource& source, Precision precision,
                                                    const Kernels& kernels);

}  // namespace jammi::nn::cpu
