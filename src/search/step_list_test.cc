#include "search/step_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jammi::search {
namespace {

using ::testing::HasSubstr;

TEST(StepList, names_are_quoted_wherever_they_appear) {
  StepList steps;
  steps.join({.type = JoinType::Inner,
              .source = "s",
              .table_path = "p",
              .left = "a\"b",
              .right = "c\"d",
              .compares_text = true,
              .columns = {{"c\"d", "e\"f"}}});
  steps.sort("a\"b", false);
  steps.select({"a\"b"});
  const std::string query = steps.query();
  EXPECT_THAT(query, HasSubstr(R"(INNER JOIN p r ON CAST(l."a""b" AS VARCHAR) = CAST(r."c""d" AS VARCHAR))"));
  EXPECT_THAT(query, HasSubstr(R"(r."c""d" AS "e""f")"));
  EXPECT_THAT(query, HasSubstr(R"(ORDER BY "a""b" ASC)"));
  EXPECT_THAT(query, HasSubstr(R"(SELECT "a""b", _jammi_rank)"));
}

TEST(StepList, steps_wrap_in_the_order_called) {
  StepList steps;
  steps.limit(5);
  steps.filter("(x > 1)", "x > 1");
  EXPECT_THAT(steps.query(),
              HasSubstr("(SELECT * FROM (SELECT * FROM _jammi_hits) ORDER BY _jammi_rank LIMIT 5) "
                        "WHERE ((x > 1))"));
  EXPECT_EQ(steps.description(), "limit: 5\nfilter: x > 1\n");
}

TEST(StepList, sorting_keeps_the_earlier_order_among_equals_and_nulls_last) {
  StepList steps;
  steps.sort("year", /*descending=*/true);
  EXPECT_THAT(steps.query(), HasSubstr("ORDER BY \"year\" DESC NULLS LAST, _jammi_rank"));
}

}  // namespace
}  // namespace jammi::search
