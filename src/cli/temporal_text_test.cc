#include "cli/temporal_text.h"

#include <gtest/gtest.h>

namespace jammi::cli {
namespace {

using arrow::TimeUnit;

TEST(TemporalText, dates_are_iso_8601_on_both_sides_of_the_epoch) {
  EXPECT_EQ(date_text(0), "1970-01-01");
  EXPECT_EQ(date_text(-1), "1969-12-31");
  EXPECT_EQ(date_text(19782), "2024-02-29");
  EXPECT_EQ(date_text(-719528), "0000-01-01");
  EXPECT_EQ(date_text(-719529), "-0001-12-31");
  EXPECT_EQ(date_text(2932897), "+10000-01-01");
  EXPECT_EQ(date_text(146097LL * 200), "+81970-01-01") << "beyond the years of std::chrono";
}

TEST(TemporalText, times_show_only_the_decimals_they_have) {
  EXPECT_EQ(time_text(3600 + 61, TimeUnit::SECOND), "01:01:01");
  EXPECT_EQ(time_text(1500, TimeUnit::MILLI), "00:00:01.5");
  EXPECT_EQ(time_text(1'000'001, TimeUnit::MICRO), "00:00:01.000001");
  EXPECT_EQ(time_text(1, TimeUnit::NANO), "00:00:00.000000001");
}

TEST(TemporalText, timestamps_join_date_and_time) {
  EXPECT_EQ(timestamp_text(1709211900'250'000, TimeUnit::MICRO, false), "2024-02-29T13:05:00.25");
  EXPECT_EQ(timestamp_text(-1, TimeUnit::MILLI, true), "1969-12-31T23:59:59.999Z");
}

TEST(TemporalText, intervals_are_iso_8601_durations) {
  EXPECT_EQ(interval_text(0, 0, 0), "PT0S");
  EXPECT_EQ(interval_text(14, -3, 0), "P14M-3D");
  EXPECT_EQ(interval_text(0, 1, 3'600'500'000'000), "P1DT3600.5S");
  EXPECT_EQ(interval_text(0, 0, -250'000'000), "PT-0.25S");
}

}  // namespace
}  // namespace jammi::cli
