#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace jammi::table {

/// One holder at a time, others wait. A holder may give it back on another thread than it was taken on.
class WriteTurn {
 public:
  explicit WriteTurn(std::chrono::milliseconds timeout) : timeout_(timeout) {}

  /// Throws Unavailable when the turn does not come in time.
  void take();
  void give_back() noexcept;

 private:
  const std::chrono::milliseconds timeout_;
  std::mutex mutex_;  // guards is_taken_
  std::condition_variable returned_;
  bool is_taken_ = false;
};

/// Holds the turn to write, if any, for as long as it lives.
class HeldTurn {
 public:
  explicit HeldTurn(WriteTurn* turn) : turn_(turn) {
    if (turn_ != nullptr) turn_->take();
  }
  ~HeldTurn() {
    if (turn_ != nullptr) turn_->give_back();
  }
  HeldTurn(const HeldTurn&) = delete;
  HeldTurn& operator=(const HeldTurn&) = delete;

 private:
  WriteTurn* const turn_;
};

}  // namespace jammi::table
