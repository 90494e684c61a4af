#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <jammi/progress.h>

namespace jammi::inference {

/// Counts a job's progress and reports it at most about ten times a second. Used by one thread.
class ProgressMeter {
 public:
  ProgressMeter(ProgressCallback callback, std::optional<uint64_t> rows_total);

  void advance(uint64_t rows, uint64_t rows_failed, uint64_t tokens);

  /// Reports the final state.
  void finish();

  double elapsed_seconds() const;

 private:
  void report();

  using Clock = std::chrono::steady_clock;
  ProgressCallback callback_;
  Progress progress_;
  Clock::time_point began_ = Clock::now();
  Clock::time_point reported_ = began_;
};

}  // namespace jammi::inference
