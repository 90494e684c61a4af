#include "sql/quoting.h"

#include <gtest/gtest.h>

namespace jammi::sql {
namespace {

TEST(Quoting, identifiers_double_their_quotes) {
  EXPECT_EQ(quote_identifier("plain"), "\"plain\"");
  EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
}

TEST(Quoting, every_part_of_a_path_is_quoted) {
  EXPECT_EQ(quote_path({"my-source", "public", "a.b"}), "\"my-source\".\"public\".\"a.b\"");
}

TEST(Quoting, literals_double_their_quotes_and_keep_backslashes) {
  EXPECT_EQ(quote_literal("it's \\n"), "'it''s \\n'");
}

TEST(Quoting, names_compare_without_the_case_of_ascii_letters) {
  EXPECT_TRUE(is_same_name("Year", "yEAR"));
  EXPECT_FALSE(is_same_name("year", "years"));
  EXPECT_FALSE(is_same_name("Ä", "ä"));
  EXPECT_TRUE(is_same_name("", ""));
}

}  // namespace
}  // namespace jammi::sql
