#include "inference/token_batches.h"

#include <algorithm>

namespace jammi::inference {

std::vector<std::vector<uint32_t>> plan_token_batches(std::span<const int32_t> lengths,
                                                      size_t tokens_per_batch) {
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] > 0) order.push_back(i);
  }
  std::ranges::stable_sort(order, std::ranges::greater(), [&](uint32_t i) { return lengths[i]; });

  std::vector<std::vector<uint32_t>> batches;
  size_t tokens = 0;
  for (uint32_t i : order) {
    const size_t length = static_cast<size_t>(lengths[i]);
    if (batches.empty() || tokens + length > tokens_per_batch) {
      batches.emplace_back();
      tokens = 0;
    }
    batches.back().push_back(i);
    tokens += length;
  }
  return batches;
}

}  // namespace jammi::inference
