#include "search/join.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::search {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(Join, a_joined_column_whose_name_is_taken_is_named_after_its_source) {
  EXPECT_THAT(
      joined_columns({"_row_id", "id", "title"}, "firms", {"ID", "name", "similarity"}),
      ElementsAre(Pair("ID", "firms_ID"), Pair("name", "name"), Pair("similarity", "firms_similarity")));
}

TEST(Join, a_joined_column_with_no_name_left_is_a_named_conflict) {
  EXPECT_ERROR(ErrorCode::Conflict, "Join column 'id' of source 'firms'",
               joined_columns({"id", "firms_id"}, "firms", {"id"}));
  EXPECT_ERROR(ErrorCode::Conflict, "the name 'firms_id'",
               joined_columns({"id"}, "firms", {"id", "firms_id"}));
}

}  // namespace
}  // namespace jammi::search
