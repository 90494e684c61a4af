#include <gtest/gtest.h>

#include <jammi/config.h>

#include "base/testing.h"

namespace jammi {
namespace {

constexpr uint64_t kTotal = 1000;

TEST(ByteSize, units_are_powers_of_1024_in_any_case) {
  EXPECT_EQ(parse_byte_size("1048576", kTotal, "key"), 1048576u);
  EXPECT_EQ(parse_byte_size("512MB", kTotal, "key"), 512u * 1024 * 1024);
  EXPECT_EQ(parse_byte_size("1gb", kTotal, "key"), 1024u * 1024 * 1024);
  EXPECT_EQ(parse_byte_size("1.5 KiB", kTotal, "key"), 1536u);
}

TEST(ByteSize, a_percentage_is_of_the_total) {
  EXPECT_EQ(parse_byte_size("75%", kTotal, "key"), 750u);
  EXPECT_EQ(parse_byte_size("100 %", kTotal, "key"), kTotal);
}

TEST(ByteSize, anything_else_is_refused_with_the_name_of_the_key) {
  for (const char* text :
       {"", "lots", "12 parsecs", "-1GB", "101%", "0", "0%", "1e3", "99999999999TB", "GB", "nan", "inf"}) {
    SCOPED_TRACE(text);
    EXPECT_ERROR(ErrorCode::InvalidArgument, "engine.memory_limit must be",
                 parse_byte_size(text, kTotal, "engine.memory_limit"));
  }
}

}  // namespace
}  // namespace jammi
