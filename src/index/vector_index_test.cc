#include "index/vector_index.h"

#include <atomic>
#include <limits>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "index/testing.h"

namespace jammi::index {
namespace {

using storage::testing::make_rows;
using storage::testing::Rows;

constexpr uint32_t kDimensions = 16;
constexpr size_t kNumRows = 2000;

std::vector<uint64_t> rows_of(const std::vector<Neighbor>& neighbors) {
  std::vector<uint64_t> rows;
  for (const Neighbor& neighbor : neighbors) rows.push_back(neighbor.row);
  return rows;
}

struct Way {
  const char* name;
  VectorIndexOptions options;

  friend void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }
};
const Way kGraph = {"Graph", {.exact_below = 0}};
const Way kCached = {"ExactCached", {.exact_below = 1'000'000}};
const Way kStreamed = {"ExactStreamed", {.exact_below = 1'000'000, .max_cached_bytes = 0}};

/// What every way of searching promises.
class VectorIndexTest : public testing::StoreTest, public ::testing::WithParamInterface<Way> {
 protected:
  std::shared_ptr<const VectorIndex> open() { return open_vector_index(store_, table_, GetParam().options); }
  std::span<const float> vector(size_t row) const {
    return std::span(rows_.vectors).subspan(row * kDimensions, kDimensions);
  }

  Rows rows_ = make_rows(kNumRows, kDimensions);
  ResultTableRecord table_ = write_table(rows_, kDimensions);
};

TEST_P(VectorIndexTest, finds_the_true_neighbours_with_their_ids) {
  const auto index = open();
  EXPECT_EQ(index->is_approximate(), std::string(GetParam().name) == "Graph");
  EXPECT_EQ(index->size(), kNumRows);
  EXPECT_EQ(index->dimensions(), kDimensions);
  for (size_t query : {0u, 17u, 1999u}) {
    const auto neighbors = index->search(vector(query), 5);
    EXPECT_EQ(rows_of(neighbors), true_neighbors(rows_, vector(query), 5));
    EXPECT_EQ(neighbors[0].row, query);
    EXPECT_EQ(neighbors[0].row_id, rows_.ids[query]);
    EXPECT_NEAR(neighbors[0].similarity, 1, 1e-6);
  }
}

TEST_P(VectorIndexTest, k_bounds_the_result_from_nothing_to_everything) {
  const auto index = open();
  EXPECT_TRUE(index->search(vector(3), 0).empty());
  EXPECT_EQ(index->search(vector(3), 1).size(), 1u);
  EXPECT_EQ(index->search(vector(3), 700).size(), 700u);
  for (size_t k : {kNumRows, kNumRows + 1, std::numeric_limits<size_t>::max()})
    EXPECT_EQ(rows_of(index->search(vector(3), k)), true_neighbors(rows_, vector(3), kNumRows));
}

TEST_P(VectorIndexTest, scale_of_the_query_does_not_matter) {
  const auto index = open();
  std::vector<float> scaled(vector(9).begin(), vector(9).end());
  for (float& value : scaled) value *= 1e20f;
  const auto neighbors = index->search(scaled, 5);
  EXPECT_EQ(rows_of(neighbors), true_neighbors(rows_, vector(9), 5));
  EXPECT_NEAR(neighbors[0].similarity, 1, 1e-6);
}

TEST_P(VectorIndexTest, a_search_among_some_rows_finds_the_nearest_of_them) {
  const auto index = open();
  for (size_t step : {1u, 2u, 20u, 300u, 1999u}) {
    RowSet among(kNumRows);
    for (size_t row = 0; row < kNumRows; row += step) among.insert(row);
    std::vector<uint64_t> expected = true_neighbors(rows_, vector(7), kNumRows);
    std::erase_if(expected, [&](uint64_t row) { return !among.contains(row); });
    expected.resize(std::min<size_t>(expected.size(), 10));
    EXPECT_EQ(rows_of(index->search(vector(7), 10, among)), expected) << "every row of " << step;
    EXPECT_EQ(index->search(vector(7), kNumRows, among).size(), among.size());
  }
}

TEST_P(VectorIndexTest, a_search_among_no_rows_finds_nothing) {
  EXPECT_TRUE(open()->search(vector(0), 5, RowSet(kNumRows)).empty());
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Vector dimension mismatch",
               open()->search(vector(0).first(3), 5, RowSet(kNumRows)));
}

TEST_P(VectorIndexTest, the_id_of_every_row_is_known) {
  const auto index = open();
  for (size_t row : {0u, 1u, 1999u}) EXPECT_EQ(index->row_ids()[row], rows_.ids[row]);
}

TEST_P(VectorIndexTest, a_query_that_cannot_be_answered_is_refused) {
  const auto index = open();
  EXPECT_ERROR(ErrorCode::InvalidArgument, "Vector dimension mismatch: expected 16, got 15",
               index->search(vector(0).first(15), 5));
  EXPECT_ERROR(ErrorCode::InvalidArgument, "expected 16, got 0", index->search({}, 5));
  std::vector<float> query(kDimensions, std::numeric_limits<float>::quiet_NaN());
  EXPECT_ERROR(ErrorCode::InvalidArgument, "not finite", index->search(query, 5));
}

TEST_P(VectorIndexTest, a_zero_query_is_similar_to_nothing_and_keeps_row_order) {
  const auto neighbors = open()->search(std::vector<float>(kDimensions, 0.0f), kNumRows);
  ASSERT_EQ(neighbors.size(), kNumRows);
  for (size_t i = 0; i < kNumRows; ++i) {
    EXPECT_EQ(neighbors[i].row, i);
    EXPECT_EQ(neighbors[i].similarity, 0.0f);
  }
}

TEST_P(VectorIndexTest, many_threads_find_together_what_one_finds_alone) {
  const auto index = open();
  const auto rows_near = [&](size_t row) {
    std::vector<uint64_t> rows;
    for (const Neighbor& neighbor : index->search(vector(row), 10)) rows.push_back(neighbor.row);
    return rows;
  };
  std::vector<std::vector<uint64_t>> alone;
  for (size_t row = 0; row < 800; ++row) alone.push_back(rows_near(row));

  std::atomic<size_t> num_different = 0;
  {
    std::vector<std::jthread> threads;
    for (size_t t = 0; t < 16; ++t) {
      threads.emplace_back([&, t] {
        for (size_t row = t; row < alone.size(); row += 16) {
          try {
            if (rows_near(row) != alone[row]) ++num_different;
          } catch (const Error& error) {
            ADD_FAILURE() << error.what();
          }
        }
      });
    }
  }
  EXPECT_EQ(num_different, 0u);
}

INSTANTIATE_TEST_SUITE_P(Ways, VectorIndexTest, ::testing::Values(kGraph, kCached, kStreamed),
                         [](const auto& way) { return way.param.name; });

class IndexChoiceTest : public testing::StoreTest {};

TEST_F(IndexChoiceTest, every_way_reports_the_same_similarity) {
  const Rows rows = make_rows(kNumRows, kDimensions);
  const ResultTableRecord table = write_table(rows, kDimensions);
  const auto query = std::span(rows.vectors).subspan(5 * kDimensions, kDimensions);
  std::map<uint64_t, float> expected;
  for (const Neighbor& row : open_vector_index(store_, table, kCached.options)->search(query, kNumRows)) {
    expected[row.row] = row.similarity;
  }
  for (const Way& way : {kGraph, kStreamed}) {
    const auto neighbors = open_vector_index(store_, table, way.options)->search(query, 20);
    ASSERT_EQ(neighbors.size(), 20u) << way.name;
    for (const Neighbor& neighbor : neighbors) {
      EXPECT_NEAR(neighbor.similarity, expected.at(neighbor.row), 1e-6) << way.name;
    }
  }
}

TEST_F(IndexChoiceTest, few_matching_rows_are_compared_and_many_looked_for_in_the_graph) {
  const ResultTableRecord table = write_table(make_rows(20'000, 4), 4);
  const auto index = open_vector_index(store_, table);
  EXPECT_TRUE(index->path(10, nullptr).uses_graph);
  EXPECT_FALSE(index->path(20'000, nullptr).uses_graph);
  RowSet few(20'000), most(20'000);
  for (uint64_t row = 0; row < 20'000; ++row) {
    if (row % 100 == 0) few.insert(row);
    if (row % 100 != 0) most.insert(row);
  }
  EXPECT_FALSE(index->path(10, &few).uses_graph);
  EXPECT_TRUE(index->path(10, &most).uses_graph);
  EXPECT_THAT(index->path(10, &most).reason, ::testing::HasSubstr("more rows match than the"));
  const auto exact = open_vector_index(store_, table, {.exact_below = 20'001});
  EXPECT_FALSE(exact->path(10, &most).uses_graph);
  EXPECT_THAT(exact->path(10, nullptr).reason, ::testing::HasSubstr("fewer than 20001 rows"));
}

TEST_F(IndexChoiceTest, equal_vectors_keep_row_order) {
  Rows rows = make_rows(300, kDimensions);
  for (size_t row = 1; row < 300; ++row)
    std::copy_n(rows.vectors.begin(), kDimensions,
                rows.vectors.begin() + static_cast<ptrdiff_t>(row * kDimensions));
  const ResultTableRecord table = write_table(rows, kDimensions);
  const auto query = std::span(rows.vectors).first(kDimensions);
  const auto neighbors = open_vector_index(store_, table, kCached.options)->search(query, 4);
  EXPECT_THAT(rows_of(neighbors), ::testing::ElementsAre(0, 1, 2, 3));
}

TEST_F(IndexChoiceTest, stored_zero_vectors_have_similarity_zero) {
  Rows rows = make_rows(600, kDimensions);
  std::fill_n(rows.vectors.begin(), kDimensions, 0.0f);
  const ResultTableRecord table = write_table(rows, kDimensions);
  const auto query = std::span(rows.vectors).subspan(kDimensions, kDimensions);
  for (const Way& way : {kGraph, kCached, kStreamed}) {
    for (const Neighbor& neighbor : open_vector_index(store_, table, way.options)->search(query, 600)) {
      if (neighbor.row == 0) {
        EXPECT_EQ(neighbor.similarity, 0.0f) << way.name;
      }
    }
  }
}

TEST_F(IndexChoiceTest, an_empty_table_has_no_sidecars_and_no_neighbours) {
  const ResultTableRecord table = write_table({}, kDimensions);
  EXPECT_THAT(files_->list("jammi_db"), ::testing::ElementsAre(table.table_name + ".parquet"));
  for (const Way& way : {kGraph, kCached, kStreamed}) {
    const auto index = open_vector_index(store_, table, way.options);
    EXPECT_TRUE(index->search(std::vector<float>(kDimensions, 1.0f), 5).empty()) << way.name;
  }
}

TEST_F(IndexChoiceTest, a_damaged_table_is_refused_by_name) {
  const ResultTableRecord table = write_table(make_rows(100, kDimensions), kDimensions);
  put(table, "parquet", "no parquet");
  EXPECT_ERROR(ErrorCode::DataCorruption, table.table_name, open_vector_index(store_, table));
}

}  // namespace
}  // namespace jammi::index
