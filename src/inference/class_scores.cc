#include "inference/class_scores.h"

#include <algorithm>
#include <cmath>

namespace jammi::inference {

std::optional<LikeliestClass> likeliest_class(std::span<const float> logits) {
  if (!std::ranges::all_of(logits, [](float logit) { return std::isfinite(logit); })) return std::nullopt;
  const auto largest = std::ranges::max_element(logits);
  double sum = 0;
  for (float logit : logits) sum += std::exp(logit - *largest);
  return LikeliestClass{.number = static_cast<size_t>(largest - logits.begin()),
                        .probability = static_cast<float>(1 / sum)};
}

void soften(std::span<float> logits) {
  const float largest = std::ranges::max(logits);
  double sum = 0;
  for (float& logit : logits) {
    logit = std::exp(logit - largest);
    sum += logit;
  }
  for (float& score : logits) score = static_cast<float>(score / sum);
}

}  // namespace jammi::inference
