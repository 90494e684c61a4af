#include <algorithm>
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

  /// A table of kNumRows such points.
  ResultTableRecord write_points() {
    for (float& value : centres_) value *= 20;  // to the length of a standard normal vector of this width
    Rows rows;
    for (size_t row = 0; row < kNumRows; ++row) {
      rows.ids.push_back(std::to_string(row));
      const std::vector<float> point = draw();
      rows.vectors.insert(rows.vectors.end(), point.begin(), point.end());
    }
    return write_table(rows, kDimensions);
  }

  std::mt19937 generator_{11};
  std::normal_distribution<float> normal_;
  std::vector<float> centres_ = storage::testing::make_rows(kNumClusters, kDimensions).vectors;
};

TEST_F(RecallTest, graph_finds_99_percent_of_the_true_neighbours_among_all_rows_and_among_some) {
  const ResultTableRecord table = write_points();
  const auto graph = open_vector_index(store_, table, {.exact_below = 0});
  const auto exact = open_vector_index(store_, table, {.exact_below = kNumRows + 1});
  ASSERT_TRUE(graph->is_approximate());
  ASSERT_FALSE(exact->is_approximate());

  for (const double share : {1.0, 0.5, 0.1, 0.01, 0.001}) {
    RowSet among(kNumRows);
    for (uint64_t row = 0; row < kNumRows; ++row)
      if (std::bernoulli_distribution(share)(generator_)) among.insert(row);
    size_t num_found = 0;
    size_t num_expected = 0;
    for (size_t q = 0; q < kNumQueries; ++q) {
      const std::vector<float> query = draw();
      std::set<uint64_t> expected;
      for (const Neighbor& neighbor : exact->search(query, 10, among)) expected.insert(neighbor.row);
      for (const Neighbor& neighbor : graph->search(query, 10, among))
        num_found += expected.count(neighbor.row);
      num_expected += std::min<uint64_t>(10, among.size());
    }
    const double recall = static_cast<double>(num_found) / static_cast<double>(num_expected);
    RecordProperty("recall_at_10_among_" + std::to_string(among.size()), std::to_string(recall));
    EXPECT_GE(recall, 0.99) << "among " << among.size() << " rows";
  }
}

TEST_F(RecallTest, rows_far_from_the_query_are_found_too) {
  const ResultTableRecord table = write_points();
  const auto graph = open_vector_index(store_, table, {.exact_below = 0});
  const auto exact = open_vector_index(store_, table, {.exact_below = kNumRows + 1});
  const std::vector<float> query = draw();
  RowSet far(kNumRows);
  const std::vector<Neighbor> all = exact->search(query, kNumRows);
  for (size_t i = kNumRows / 2; i < kNumRows; ++i) far.insert(all[i].row);
  ASSERT_TRUE(graph->path(10, &far).uses_graph);
  const auto found = graph->search(query, 10, far);
  ASSERT_EQ(found.size(), 10u);
  for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].row, all[kNumRows / 2 + i].row);
}

}  // namespace
}  // namespace jammi::index
