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

}  // namespace
}  // namespace jammi::sql
