#include "nn/cpu/kernels/table.h"

#include "nn/cpu/kernels/tile.h"

#define JAMMI_TEXT_OF(name) #name
#define JAMMI_TEXT(name) JAMMI_TEXT_OF(name)

namespace jammi::nn::cpu::JAMMI_ISA {

extern const Kernels kKernels;
const Kernels kKernels = {
    .name = JAMMI_TEXT(JAMMI_ISA),
    .panel_width = kPanelWidth,
    .attention_scratch = attention_scratch,
    .quantized_bytes = quantized_bytes,
    .multiply = multiply,
    .quantize = quantize,
    .multiply_quantized = multiply_quantized,
    .attend = attend,
    .rotate = rotate,
    .gate = gate,
    .normalize = normalize,
    .softmax = softmax,
    .round_to_bf16 = round_to_bf16,
    .narrow_to_bf16 = narrow_to_bf16,
};

}  // namespace jammi::nn::cpu::JAMMI_ISA
