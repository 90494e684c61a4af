#include "search/search_plan.h"

#include <gtest/gtest.h>

namespace jammi::search {
namespace {

TEST(SearchPlan, engine_columns_win_over_source_columns_of_their_name) {
  EXPECT_EQ(result_columns({"id", "similarity"}),
            (std::vector<std::string>{"_row_id", "_source_id", "id", "source_similarity", "similarity"}));
}

TEST(SearchPlan, names_are_quoted_wherever_they_appear) {
  const std::string query = empty_hits_query("p", {"a\"b", "_row_id"});
  EXPECT_NE(query.find(R"("a""b" AS "a""b")"), std::string::npos) << query;
  EXPECT_NE(query.find(R"("_row_id" AS "source__row_id")"), std::string::npos) << query;
}

TEST(SearchPlan, steps_wrap_in_the_order_called) {
  StepList steps;
  steps.limit(5);
  steps.filter("x > 1");
  const std::string query = steps.apply("BASE");
  EXPECT_NE(query.find("(SELECT * FROM (BASE) ORDER BY _jammi_rank LIMIT 5) WHERE (x > 1)"),
            std::string::npos)
      << query;
}

TEST(SearchPlan, sorting_keeps_the_earlier_order_among_equals_and_nulls_last) {
  StepList steps;
  steps.sort("year", /*descending=*/true);
  EXPECT_NE(steps.query().find("ORDER BY \"year\" DESC NULLS LAST, _jammi_rank"), std::string::npos);
}

}  // namespace
}  // namespace jammi::search
