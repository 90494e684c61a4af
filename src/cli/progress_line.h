#pragma once

#include <ostream>
#include <string>

#include <jammi/progress.h>

namespace jammi::cli {

/// "[=====>              ] 27%  5,400 of 20,000 rows  870 rows/s  52,300 tokens/s  0:17 left"; without a bar,
/// a percentage and the time left while the number of rows is unknown.
std::string progress_text(const Progress& progress);

/// Shows the progress of one long call: one line that is drawn over on a terminal, else a line of its own
/// every few seconds. Not thread-safe.
class ProgressLine {
 public:
  ProgressLine(std::ostream& out, bool is_terminal) : out_(out), is_terminal_(is_terminal) {}

  /// Ends the line that is being drawn over.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const Progress& progress);

 private:
  std::ostream& out_;
  const bool is_terminal_;
  bool is_drawn_ = false;
  double last_line_seconds_ = 0;
};

/// 1234567 as "1,234,567".
std::string with_thousands(uint64_t number);

/// `count` divided by a time, rounded; 0 for no time.
uint64_t per_second(uint64_t count, double seconds);

}  // namespace jammi::cli
