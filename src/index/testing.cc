#include "index/testing.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace jammi::index::testing {
namespace {

double cosine_in_double(std::span<const float> a, std::span<const float> b) {
  double dot = 0, squared_norm_a = 0, squared_norm_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    dot += double{a[i]} * b[i];
    squared_norm_a += double{a[i]} * a[i];
    squared_norm_b += double{b[i]} * b[i];
  }
  return dot / std::sqrt(squared_norm_a * squared_norm_b);
}

}  // namespace

ResultTableRecord StoreTest::write_table(const storage::testing::Rows& rows, uint32_t dimensions) {
  const storage::TableDefinition definition = storage::testing::patents_definition(dimensions);
  auto writer = store_.create(definition);
  SidecarWriter sidecars(store_, writer->table().table_name, definition, 2);
  for (size_t row = 0; row < rows.ids.size(); row += 100) {
    const size_t count = std::min<size_t>(100, rows.ids.size() - row);
    const auto ids = std::span(rows.ids).subspan(row, count);
    const auto vectors = std::span(rows.vectors).subspan(row * dimensions, count * dimensions);
    writer->append(ids, vectors);
    sidecars.add(ids, vectors);
  }
  writer->seal();
  sidecars.finish();
  return writer->finish();
}

std::vector<uint64_t> StoreTest::true_neighbors(const storage::testing::Rows& rows,
                                                std::span<const float> query, size_t k) {
  std::vector<double> similarities(rows.ids.size());
  for (size_t row = 0; row < similarities.size(); ++row)
    similarities[row] =
        cosine_in_double(query, std::span(rows.vectors).subspan(row * query.size(), query.size()));
  std::vector<uint64_t> order(rows.ids.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater(), [&](uint64_t row) { return similarities[row]; });
  order.resize(std::min(k, order.size()));
  return order;
}

void StoreTest::put(const ResultTableRecord& table, const std::string& extension,
                    const std::string& content) {
  files_->create(store_.file_path(table.table_name, extension))->append(std::as_bytes(std::span(content)));
}

}  // namespace jammi::index::testing
