#include "index/top_k.h"

#include <array>

#include "numerics/vector_ops.h"

namespace jammi::index {

void push_rows(std::span<const float> query, std::span<const float> vectors, uint64_t first_row, TopK& best) {
  std::array<float, 256> similarities;
  const size_t num_rows = vectors.size() / query.size();
  for (size_t row = 0; row < num_rows;) {
    const size_t count = std::min(similarities.size(), num_rows - row);
    numerics::cosine_rows(query, vectors.subspan(row * query.size(), count * query.size()),
                          std::span(similarities).first(count));
    for (size_t i = 0; i < count; ++i) best.push({similarities[i], first_row + row + i});
    row += count;
  }
}

}  // namespace jammi::index
