#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// Dense vector arithmetic, with kernels chosen once for the running CPU. Spans that are combined must have
/// equal lengths. All functions are pure and thread-safe.
namespace jammi::numerics {

/// IEEE 754 binary16 bits.
using Half = uint16_t;

float dot(std::span<const float> a, std::span<const float> b) noexcept;
float dot(std::span<const Half> a, std::span<const Half> b) noexcept;

float squared_norm(std::span<const float> a) noexcept;

/// Cosine of the angle between `a` and `b`; 0 when the product of their norms is below the float epsilon.
float cosine(std::span<const float> a, std::span<const float> b) noexcept;

/// `cosine` of `query` with each row of `rows` [similarities.size(), query.size()], row-major.
void cosine_rows(std::span<const float> query, std::span<const float> rows,
                 std::span<float> similarities) noexcept;

/// Rounds to nearest even; values beyond the range become infinite.
void to_half(std::span<const float> in, std::span<Half> out) noexcept;
void to_float(std::span<const Half> in, std::span<float> out) noexcept;

/// Whether every value is neither infinite nor NaN.
bool all_finite(std::span<const float> values) noexcept;

/// The instruction set the kernels were chosen for: "generic", "avx2" or "avx512".
std::string_view instruction_set() noexcept;

}  // namespace jammi::numerics
