#include "cli/display_width.h"

#include <gtest/gtest.h>

namespace jammi::cli {
namespace {

TEST(DisplayWidth, counts_terminal_columns) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("plain"), 5u);
  EXPECT_EQ(display_width("naïve"), 5u);
  EXPECT_EQ(display_width("日本語"), 6u);
  EXPECT_EQ(display_width("한글"), 4u);
  EXPECT_EQ(display_width("🚀"), 2u);
  EXPECT_EQ(display_width("e\xCC\x81"), 1u) << "a combining acute accent takes no column";
  EXPECT_EQ(display_width("→—…"), 3u);
}

TEST(DisplayWidth, counts_characters_regardless_of_width) {
  EXPECT_EQ(count_characters("日本語"), 3u);
  EXPECT_EQ(count_characters("naïve"), 5u);
}

TEST(Printable, control_characters_become_escapes_and_line_feeds_stay) {
  EXPECT_EQ(printable("a\tb\rc\nd"), "a\\tb\\rc\nd");
  EXPECT_EQ(printable("\x1b[31mred"), "\\x1b[31mred");
  EXPECT_EQ(printable("\x7f\xC2\x9B"), "\\x7f\\x9b") << "the one-character form of ESC [ is a control, too";
}

TEST(Printable, bytes_that_are_not_utf8_are_replaced) {
  EXPECT_EQ(printable("a\xFFz"), "a\uFFFDz");
  EXPECT_EQ(printable("\xE2\x82"), "\uFFFD\uFFFD") << "a truncated sequence";
  EXPECT_EQ(printable("\xC0\xAF"), "\uFFFD\uFFFD") << "an overlong form";
  EXPECT_EQ(printable("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD") << "a surrogate";
  EXPECT_EQ(repaired_utf8("日\xFF\t"), "日\uFFFD\t");
}

}  // namespace
}  // namespace jammi::cli
