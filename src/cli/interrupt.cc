#include "cli/interrupt.h"

#include <csignal>

#include <pthread.h>

namespace jammi::cli {
namespace {

// Wakes the waiting thread when nothing is left to wait for.
constexpr int kWakeUp = SIGUSR1;

sigset_t awaited_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, kWakeUp);
  return signals;
}

}  // namespace

Interrupt::Interrupt() {
  sigset_t signals = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  waiter_ = std::thread([this] { wait_for_signals(); });
}

Interrupt::~Interrupt() {
  pthread_kill(waiter_.native_handle(), kWakeUp);
  waiter_.join();
}

void Interrupt::wait_for_signals() {
  sigset_t signals = awaited_signals();
  for (;;) {
    int received = 0;
    if (sigwait(&signals, &received) != 0 || received == kWakeUp) return;
    if (source_.request_stop()) continue;
    std::signal(received, SIG_DFL);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, received);
    pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
    raise(received);
  }
}

}  // namespace jammi::cli
