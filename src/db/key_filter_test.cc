#include "db/key_filter.h"

#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::db {
namespace {

const TableDescription kTable{
    .name = "t", .columns = {{"id", "BIGINT"}, {"name", "VARCHAR"}, {"day", "DATE"}, {"od\"d", "INTEGER"}}};

TEST(KeyFilter, integer_columns_are_compared_with_integers) {
  EXPECT_EQ(key_filter("s", kTable, "id", {"1", "-2"}), "\"id\" IN (1, -2)");
  EXPECT_EQ(key_filter("s", kTable, "od\"d", {"3"}), "\"od\"\"d\" IN (3)");
}

TEST(KeyFilter, texts_that_no_integer_prints_as_match_nothing) {
  EXPECT_EQ(key_filter("s", kTable, "id", {"01", "+1", " 1", "1.0", "x", "99999999999999999999", ""}),
            "false");
}

TEST(KeyFilter, text_columns_are_compared_with_quoted_texts) {
  EXPECT_EQ(key_filter("s", kTable, "name", {"a", "it's"}), "\"name\" IN ('a', 'it''s')");
}

TEST(KeyFilter, other_columns_are_cast_to_text) {
  EXPECT_EQ(key_filter("s", kTable, "day", {"2024-01-02"}), "CAST(\"day\" AS VARCHAR) IN ('2024-01-02')");
}

TEST(KeyFilter, no_keys_match_nothing_and_unknown_columns_are_named) {
  EXPECT_EQ(key_filter("s", kTable, "id", {}), "false");
  EXPECT_ERROR(ErrorCode::NotFound, "Source error: s: Column not found: nope",
               key_filter("s", kTable, "nope", {"1"}));
}

}  // namespace
}  // namespace jammi::db
