#include "sql/csv_check.h"

#include <fstream>

#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::sql {
namespace {

std::optional<RaggedLine> check(const std::string& content) {
  jammi::testing::TemporaryDirectory directory;
  std::ofstream(directory.file("a.csv"), std::ios::binary) << content;
  return find_ragged_line(directory.file("a.csv"));
}

TEST(CsvCheck, finds_the_first_line_with_another_number_of_fields) {
  auto ragged = check("a,b,c\n1,2,3\n4,5\n6\n");
  ASSERT_TRUE(ragged);
  EXPECT_EQ(ragged->line, 3u);
  EXPECT_EQ(ragged->num_fields, 2u);
  EXPECT_EQ(ragged->num_header_fields, 3u);
}

TEST(CsvCheck, a_last_line_without_newline_is_checked_too) {
  auto ragged = check("a,b\n1,2\n3");
  ASSERT_TRUE(ragged);
  EXPECT_EQ(ragged->line, 3u);
}

TEST(CsvCheck, quoted_commas_newlines_and_quotes_are_data) {
  EXPECT_FALSE(check("a,b\n\"1,1\",\"two\nlines\"\n\"say \"\"hi\"\"\",2\n"));
}

TEST(CsvCheck, lines_are_counted_through_quoted_newlines) {
  auto ragged = check("a,b\n1,\"two\nlines\"\n3\n");
  ASSERT_TRUE(ragged);
  EXPECT_EQ(ragged->line, 4u);
}

TEST(CsvCheck, empty_lines_and_carriage_returns_are_not_ragged) {
  EXPECT_FALSE(check("a,b\r\n1,2\r\n\r\n3,4\r\n"));
}

}  // namespace
}  // namespace jammi::sql
