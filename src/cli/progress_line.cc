#include "cli/progress_line.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace jammi::cli {
namespace {

constexpr double kSecondsBetweenLines = 5;
constexpr size_t kBarWidth = 20;

std::string bar(double share) {
  auto filled = static_cast<size_t>(share * kBarWidth);
  std::string text(filled, '=');
  if (filled < kBarWidth) text += '>';
  text.resize(kBarWidth, ' ');
  return "[" + text + "]";
}

std::string duration(double seconds) {
  auto whole = static_cast<uint64_t>(std::lround(seconds));
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

std::string with_thousands(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t place = digits.size(); place > 3; place -= 3) digits.insert(place - 3, ",");
  return digits;
}

uint64_t per_second(uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<uint64_t>(std::lround(static_cast<double>(count) / seconds)) : 0;
}

std::string progress_text(const Progress& progress) {
  std::string speed = fmt::format("{} rows/s  {} tokens/s",
                                  with_thousands(per_second(progress.rows_done, progress.elapsed_seconds)),
                                  with_thousands(per_second(progress.tokens_done, progress.elapsed_seconds)));
  std::string done = with_thousands(progress.rows_done);
  if (!progress.rows_total || *progress.rows_total == 0) return fmt::format("{} rows  {}", done, speed);

  double share =
      std::min(1.0, static_cast<double>(progress.rows_done) / static_cast<double>(*progress.rows_total));
  std::string left;
  if (share > 0 && share < 1) {
    left = "  " + duration(progress.elapsed_seconds * (1 - share) / share) + " left";
  }
  return fmt::format("{} {:.0f}%  {} of {} rows  {}{}", bar(share), std::floor(share * 100), done,
                     with_thousands(*progress.rows_total), speed, left);
}

ProgressLine::~ProgressLine() {
  if (is_drawn_) out_ << std::endl;
}

void ProgressLine::show(const Progress& progress) {
  if (is_terminal_) {
    // Erases what a longer earlier text leaves behind the new one.
    out_ << '\r' << progress_text(progress) << "\x1b[K" << std::flush;
    is_drawn_ = true;
  } else if (progress.elapsed_seconds - last_line_seconds_ >= kSecondsBetweenLines) {
    out_ << progress_text(progress) << std::endl;
    last_line_seconds_ = progress.elapsed_seconds;
  }
}

}  // namespace jammi::cli
