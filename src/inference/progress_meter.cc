#include "inference/progress_meter.h"

#include <utility>

namespace jammi::inference {

ProgressMeter::ProgressMeter(ProgressCallback callback, std::optional<uint64_t> rows_total)
    : callback_(std::move(callback)) {
  progress_.rows_total = rows_total;
}

void ProgressMeter::advance(uint64_t rows, uint64_t rows_failed, uint64_t tokens) {
  progress_.rows_done += rows;
  progress_.rows_failed += rows_failed;
  progress_.tokens_done += tokens;
  if (Clock::now() - reported_ >= std::chrono::milliseconds(100)) report();
}

void ProgressMeter::finish() {
  report();
}

double ProgressMeter::elapsed_seconds() const {
  return std::chrono::duration<double>(Clock::now() - began_).count();
}

void ProgressMeter::report() {
  reported_ = Clock::now();
  progress_.elapsed_seconds = elapsed_seconds();
  if (callback_) callback_(progress_);
}

}  // namespace jammi::inference
