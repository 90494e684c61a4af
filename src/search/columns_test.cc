#include "search/columns.h"

#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jammi::search {
namespace {

using ::testing::ElementsAre;

TEST(SearchColumns, engine_columns_win_over_source_columns_of_their_name) {
  const auto source =
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("Similarity", arrow::utf8())});
  EXPECT_THAT(hits_schema(*source)->field_names(),
              ElementsAre("_row_id", "_source_id", "id", "source_Similarity", "similarity", kRankColumn));
}

TEST(SearchColumns, a_renamed_column_never_takes_the_name_of_another) {
  EXPECT_THAT(result_names({"similarity", "source_similarity"}),
              ElementsAre("source_source_similarity", "source_similarity"));
}

}  // namespace
}  // namespace jammi::search
