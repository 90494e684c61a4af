#include "base/shorten.h"

#include <gtest/gtest.h>

namespace jammi::base {
namespace {

TEST(Shorten, short_text_stays_as_it_is) {
  EXPECT_EQ(shortened("", 8), "");
  EXPECT_EQ(shortened("12345678", 8), "12345678");
}

TEST(Shorten, long_text_keeps_its_beginning_and_end) {
  EXPECT_EQ(shortened("abcdefgh" + std::string(100, '-') + "yz", 8), "abcdef ... (102 bytes) ... yz");
}

TEST(Shorten, characters_of_several_bytes_stay_whole) {
  const std::string ducks = "🦆🦆🦆🦆🦆🦆🦆🦆";
  for (size_t max_bytes = 8; max_bytes < ducks.size(); ++max_bytes) {
    const std::string text = shortened(ducks, max_bytes);
    EXPECT_EQ((text.find(" ... ")) % 4, 0u) << text;
    EXPECT_EQ((text.size() - text.find(") ... ") - 6) % 4, 0u) << text;
  }
}

TEST(Shorten, bytes_that_are_no_text_are_cut_anywhere) {
  const std::string text = shortened(std::string(100, '\x80'), 8);
  EXPECT_EQ(text.substr(0, 12), std::string(6, '\x80') + " ... (");
}

}  // namespace
}  // namespace jammi::base
