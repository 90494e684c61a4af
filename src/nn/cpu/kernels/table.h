#pragma once

#include "nn/cpu/kernels/kernels.h"

/// The kernels that each instruction set's table points to; see kernels.h for what they compute.
namespace jammi::nn::cpu::JAMMI_ISA {

size_t attention_scratch(size_t length, size_t head_size) noexcept;
size_t quantized_bytes(size_t num_rows, size_t width) noexcept;
void multiply(const Product& product) noexcept;
void quantize(const RowQuantization& quantization) noexcept;
void multiply_quantized(const QuantizedProduct& product) noexcept;
void attend(const Attention& attention) noexcept;
void rotate(const Rotation& rotation) noexcept;
void gate(const Gate& gate) noexcept;
void normalize(const RowNorm& norm) noexcept;
void softmax(const RowSoftmax& row) noexcept;
void round_to_bf16(const float* source, size_t size, float* target) noexcept;
void narrow_to_bf16(const float* source, size_t size, uint16_t* target) noexcept;

}  // namespace jammi::nn::cpu::JAMMI_ISA
