#include "storage/testing.h"

#include <cmath>
#include <random>

namespace jammi::storage::testing {

TableDefinition patents_definition(uint32_t dimensions) {
  TableDefinition definition;
  definition.source_id = "patents";
  definition.dimensions = dimensions;
  definition.key_column = "id";
  definition.text_columns = {"abstract"};
  definition.model = {"tiny/model", "weights", "tokenizer", "mean", "f32"};
  return definition;
}

Rows make_rows(size_t n, uint32_t dimensions) {
  Rows rows;
  std::mt19937 generator(7);
  std::normal_distribution<float> normal;
  rows.vectors.resize(n * dimensions);
  for (size_t row = 0; row < n; ++row) {
    rows.ids.push_back("r" + std::to_string(row));
    float* vector = rows.vectors.data() + row * dimensions;
    double squared_norm = 0;
    for (uint32_t d = 0; d < dimensions; ++d) {
      vector[d] = normal(generator);
      squared_norm += double{vector[d]} * vector[d];
    }
    for (uint32_t d = 0; d < dimensions; ++d) vector[d] /= static_cast<float>(std::sqrt(squared_norm));
  }
  return rows;
}

Rows read_all(ResultTableReader& reader) {
  Rows rows;
  VectorBatch batch;
  while (reader.next(batch)) {
    rows.ids.insert(rows.ids.end(), batch.row_ids.begin(), batch.row_ids.end());
    rows.vectors.insert(rows.vectors.end(), batch.vectors.begin(), batch.vectors.end());
  }
  return rows;
}

}  // namespace jammi::storage::testing
