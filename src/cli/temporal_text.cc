#include "cli/temporal_text.h"

#include <chrono>
#include <cstdlib>

#include <arrow/type.h>
#include <fmt/format.h>

namespace jammi::cli {
namespace {

int64_t floor_divide(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

struct Resolution {
  int64_t per_second;
  int digits;
};

Resolution resolution_of(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return {1, 0};
    case arrow::TimeUnit::MILLI:
      return {1'000, 3};
    case arrow::TimeUnit::MICRO:
      return {1'000'000, 6};
    case arrow::TimeUnit::NANO:
      break;
  }
  return {1'000'000'000, 9};
}

}  // namespace

std::string date_text(int64_t days) {
  // std::chrono's years end at 32767; the calendar repeats every 400 years, so that any cycle serves.
  constexpr int64_t kDaysPerCycle = 146097;
  int64_t cycle = floor_divide(days, kDaysPerCycle);
  std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(static_cast<int>(days - cycle * kDaysPerCycle)))};
  int64_t year = static_cast<int>(date.year()) + 400 * cycle;
  unsigned month = static_cast<unsigned>(date.month());
  unsigned day = static_cast<unsigned>(date.day());
  if (year < 0 || year > 9999) return fmt::format("{:+05}-{:02}-{:02}", year, month, day);
  return fmt::format("{:04}-{:02}-{:02}", year, month, day);
}

std::string time_text(int64_t count, arrow::TimeUnit::type unit) {
  Resolution resolution = resolution_of(unit);
  int64_t seconds = count / resolution.per_second;
  int64_t fraction = count % resolution.per_second;
  std::string text = fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (fraction != 0) {
    text += fmt::format(".{:0{}}", fraction, resolution.digits);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text;
}

std::string timestamp_text(int64_t count, arrow::TimeUnit::type unit, bool is_instant) {
  int64_t per_day = resolution_of(unit).per_second * 86400;
  int64_t days = floor_divide(count, per_day);
  return date_text(days) + "T" + time_text(count - days * per_day, unit) + (is_instant ? "Z" : "");
}

std::string interval_text(int64_t months, int64_t days, int64_t nanoseconds) {
  std::string text = "P";
  if (months != 0) text += fmt::format("{}M", months);
  if (days != 0) text += fmt::format("{}D", days);
  if (nanoseconds == 0) return text == "P" ? "PT0S" : text;
  constexpr int64_t kPerSecond = 1'000'000'000;
  text += fmt::format("T{}{}", nanoseconds < 0 ? "-" : "", std::abs(nanoseconds / kPerSecond));
  if (nanoseconds % kPerSecond != 0) {
    text += fmt::format(".{:09}", std::abs(nanoseconds % kPerSecond));
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "S";
}

}  // namespace jammi::cli
