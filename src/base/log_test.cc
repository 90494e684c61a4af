#include "base/log.h"

#include <gtest/gtest.h>

namespace jammi::log {
namespace {

TEST(Log, parses_the_level_words_of_the_configuration) {
  EXPECT_EQ(parse_level("trace", Level::Info), Level::Trace);
  EXPECT_EQ(parse_level("error", Level::Info), Level::Error);
  EXPECT_EQ(parse_level("loud", Level::Info), Level::Info);
}

TEST(Log, json_lines_stay_valid_with_quotes_and_newlines) {
  configure(Level::Warn, Format::Json);
  ::testing::internal::CaptureStderr();
  warn("a \"quoted\"\nline");
  std::string line = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(line.find(R"("message":"a \"quoted\"\u000aline"})"), std::string::npos) << line;
  configure(Level::Warn, Format::Text);
}

TEST(Log, lines_below_the_level_are_dropped) {
  configure(Level::Error, Format::Text);
  ::testing::internal::CaptureStderr();
  warn("quiet");
  error("loud");
  std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("quiet"), std::string::npos);
  EXPECT_NE(text.find("loud"), std::string::npos);
  configure(Level::Warn, Format::Text);
}

}  // namespace
}  // namespace jammi::log
