#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace jammi::inference {

/// `error` of a row that a model gave logits which are no numbers or infinite.
inline constexpr char kNotFiniteError[] = "Model output is not finite";

/// The class that a model holds for the likeliest.
struct LikeliestClass {
  size_t number = 0;
  float probability = 0;
};

/// The first of the largest of `logits`, with its softmax probability; nothing when one of them is not
/// finite. There must be one.
std::optional<LikeliestClass> likeliest_class(std::span<const float> logits);

/// Replaces finite logits by their softmax.
void soften(std::span<float> logits);

}  // namespace jammi::inference
