#pragma once

#include <stop_token>
#include <thread>

namespace jammi::cli {

/// While it lives, the first SIGINT or SIGTERM requests a stop instead of ending the process, and a second
/// one ends it. Make it before any other thread, which inherits its signal mask; one per process.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  void wait_for_signals();

  std::stop_source source_;
  std::thread waiter_;
};

}  // namespace jammi::cli
