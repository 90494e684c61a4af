#include "catalog/postgres_text.h"

#include <limits>

#include <gtest/gtest.h>

#include "base/testing.h"

namespace jammi::catalog {
namespace {

const std::vector<LoadedColumn> kColumns{
    {"number", false}, {"real", false}, {"text", false}, {"bytes", true}};

std::string line_of(std::vector<Value> row) {
  std::string lines;
  append_copy_line(lines, row, kColumns);
  return lines;
}

TEST(PostgresText, a_copy_line_has_a_value_for_each_column) {
  EXPECT_EQ(line_of({int64_t{-7}, 0.1, "a b", "\xff"}), "-7\t0.1\ta b\t\\\\xff\n");
  EXPECT_EQ(line_of({std::monostate(), std::monostate(), std::monostate(), std::monostate()}),
            "\\N\t\\N\t\\N\t\\N\n");
}

TEST(PostgresText, what_a_copy_line_gives_a_meaning_is_escaped) {
  EXPECT_EQ(line_of({int64_t{0}, 0.0, "\\N\t\r\n\\.", ""}), "0\t0\t\\\\N\\t\\r\\n\\\\.\t\\\\x\n");
}

TEST(PostgresText, a_nul_byte_is_refused_in_a_text_alone) {
  EXPECT_ERROR(ErrorCode::InvalidArgument, "NUL byte: a",
               line_of({int64_t{0}, 0.0, std::string_view("a\0b", 3), ""}));
  EXPECT_EQ(postgres_bytes(std::string_view("\0", 1)), "\\x00");
}

TEST(PostgresText, numbers_keep_every_bit) {
  EXPECT_EQ(postgres_number(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(postgres_number(std::numeric_limits<double>::infinity()), "inf");
}

}  // namespace
}  // namespace jammi::catalog
