#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace jammi::inference {

/// Groups texts into batches of at most `tokens_per_batch` tokens (a longer text stands alone), longest
/// first, so that the work handed out last is the shortest. `lengths` holds the tokens of each text; texts of
/// length 0 are left out. Returns positions into `lengths`.
std::vector<std::vector<uint32_t>> plan_token_batches(std::span<const int32_t> lengths,
                                                      size_t tokens_per_batch);

}  // namespace jammi::inference
