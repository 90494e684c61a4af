#pragma once

#include <cstdint>
#include <string>

#include <arrow/type_fwd.h>

namespace jammi::cli {

/// ISO 8601 text of counts since 1970-01-01 or midnight. Years beyond 9999 get a sign, as the standard wants.

/// "2024-02-29"
std::string date_text(int64_t days);

/// "13:05:00" with as many decimals as `unit` has when they are not all zero.
std::string time_text(int64_t count, arrow::TimeUnit::type unit);

/// "2024-02-29T13:05:00.25", ending in "Z" for an instant.
std::string timestamp_text(int64_t count, arrow::TimeUnit::type unit, bool is_instant);

/// "P1M3DT0.5S": a duration of calendar months, days and nanoseconds, each with its own sign.
std::string interval_text(int64_t months, int64_t days, int64_t nanoseconds);

}  // namespace jammi::cli
