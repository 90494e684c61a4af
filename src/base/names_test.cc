#include "base/names.h"

#include <string>

#include <gtest/gtest.h>

namespace jammi::base {
namespace {

TEST(Names, any_text_of_1_to_255_bytes_is_a_name) {
  for (std::string_view name :
       {"a", " ", "a b", "\"'; DROP --", "größe", "日本", "🦆", "\u202e", "\U0010FFFF"}) {
    EXPECT_TRUE(follows_name_rule(name)) << name;
  }
  EXPECT_TRUE(follows_name_rule(std::string(255, 'x')));
  EXPECT_FALSE(follows_name_rule(std::string(256, 'x')));
  EXPECT_FALSE(follows_name_rule(""));
}

TEST(Names, control_characters_are_refused) {
  for (std::string_view name : {"a\nb", "\t", "\x1b[1m", "\x7f", "\u0080", "\u009f"}) {
    EXPECT_FALSE(follows_name_rule(name)) << name;
  }
  EXPECT_FALSE(follows_name_rule(std::string_view("a\0b", 3)));
  EXPECT_TRUE(follows_name_rule("\u00a0"));
}

TEST(Names, bytes_that_are_no_utf8_are_refused) {
  for (std::string_view name : {"\xff", "\x80",                                  // no lead byte
                                "\xc3", "a\xe6\x97", "\xf0\x9f\xa6",             // cut short
                                "\xc3z", "\xe6z\xa5",                            // no continuation
                                "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf",  // longer than need be
                                "\xed\xa0\x80",                                  // a surrogate
                                "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80"}) {   // beyond U+10FFFF
    EXPECT_FALSE(follows_name_rule(name)) << ::testing::PrintToString(name);
  }
}

}  // namespace
}  // namespace jammi::base
