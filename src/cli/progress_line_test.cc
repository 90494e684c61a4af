#include "cli/progress_line.h"

#include <sstream>

#include <gtest/gtest.h>

namespace jammi::cli {
namespace {

TEST(ProgressText, shows_share_speed_and_time_left) {
  Progress progress{.rows_done = 5000, .rows_total = 20000, .tokens_done = 250000, .elapsed_seconds = 10};
  EXPECT_EQ(progress_text(progress),
            "[=====>              ] 25%  5,000 of 20,000 rows  500 rows/s  25,000 tokens/s  0:30 left");
}

TEST(ProgressText, an_unknown_total_leaves_bar_and_time_out) {
  EXPECT_EQ(progress_text({.rows_done = 7, .rows_total = {}, .elapsed_seconds = 1}),
            "7 rows  7 rows/s  0 tokens/s");
}

TEST(ProgressText, start_and_end_are_well_formed) {
  EXPECT_EQ(progress_text({.rows_total = 10}),
            "[>                   ] 0%  0 of 10 rows  0 rows/s  0 tokens/s");
  EXPECT_EQ(progress_text({.rows_done = 10, .rows_total = 10, .elapsed_seconds = 1}),
            "[====================] 100%  10 of 10 rows  10 rows/s  0 tokens/s");
}

TEST(ProgressText, long_waits_show_hours) {
  EXPECT_TRUE(
      progress_text({.rows_done = 1, .rows_total = 5, .elapsed_seconds = 1000}).ends_with("1:06:40 left"));
}

TEST(ProgressLine, draws_over_one_line_on_a_terminal) {
  std::ostringstream out;
  {
    ProgressLine line(out, true);
    line.show({.rows_done = 1, .rows_total = {}, .elapsed_seconds = 1});
    line.show({.rows_done = 2, .rows_total = {}, .elapsed_seconds = 1});
  }
  EXPECT_EQ(out.str(), "\r1 rows  1 rows/s  0 tokens/s\x1b[K\r2 rows  2 rows/s  0 tokens/s\x1b[K\n");
}

TEST(ProgressLine, writes_a_line_every_few_seconds_elsewhere) {
  std::ostringstream out;
  {
    ProgressLine line(out, false);
    for (double seconds = 0; seconds <= 11; seconds += 0.5)
      line.show({.rows_total = {}, .elapsed_seconds = seconds});
  }
  EXPECT_EQ(out.str(), "0 rows  0 rows/s  0 tokens/s\n0 rows  0 rows/s  0 tokens/s\n");
}

TEST(WithThousands, groups_digits) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1000), "1,000");
  EXPECT_EQ(with_thousands(1234567), "1,234,567");
}

}  // namespace
}  // namespace jammi::cli
