#include <random>
#include <set>

#include <gtest/gtest.h>

#include "index/testing.h"

namespace jammi::index {
namespace {

using storage::testing::Rows;

constexpr uint32_t kDimensions = 384;
constexpr size_t kNumRows = 20'000;
constexpr size_t kNumClusters = 200;
constexpr size_t kNumQueries = 200;

class RecallTest : public testing::StoreTest {
 protected:
  /// A point of a random cluster.
  std::vector<float> draw() {
    const size_t cluster = generator_() % kNumClusters;
    std::vector<float> point(kDimensions);
    for (uint32_t d = 0; d < kDimensions; ++d)
      point[d] = centres_[cluster * kDimensions + d] + 0.5f * normal_(generator_);
    return point;
  }

  std::mt19937 generator_{11};
  std::normal_distribution<float> normal_;
  std::vector<float> centres_ = storage::testing::make_rows(kNumClusters, kDimensions).vectors;
};

TEST_F(RecallTest, graph_finds_99_percent_of_the_true_neighbours) {
  for (float& value : centres_) value *= 20;  // to the length of a standard normal vector of this width
  Rows rows;
  for (size_t row = 0; row < kNumRows; ++row) {
    rows.ids.push_back(std::to_string(row));
    const std::vector<float> point = draw();
    rows.vectors.insert(rows.vectors.end(), point.begin(), point.end());
  }
  const ResultTableRecord table = write_table(rows, kDimensions);
  const auto graph = open_vector_index(store_, table, {.exact_below = 0});
  const auto exact = open_vector_index(store_, table, {.exact_below = kNumRows + 1});
  ASSERT_TRUE(graph->is_approximate());
  ASSERT_FALSE(exact->is_approximate());

  size_t num_found = 0;
  for (size_t q = 0; q < kNumQueries; ++q) {
    const std::vector<float> query = draw();
    std::set<uint64_t> expected;
    for (const Neighbor& neighbor : exact->search(query, 10)) expected.insert(neighbor.row);
    for (const Neighbor& neighbor : graph->search(query, 10)) num_found += expected.count(neighbor.row);
  }
  const double recall = static_cast<double>(num_found) / (10 * kNumQueries);
  RecordProperty("recall_at_10", std::to_string(recall));
  EXPECT_GE(recall, 0.99);
}

}  // namespace
}  // namespace jammi::index
