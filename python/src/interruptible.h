#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <stop_token>
#include <utility>

#include <nanobind/nanobind.h>

namespace jammi::python {

/// How often a waiting call lets Python run its signal handlers.
inline constexpr std::chrono::milliseconds kTick{50};

/// Runs `work(std::stop_token)` on a thread of its own and returns what it returns or throws what it throws.
/// The caller must hold the GIL, which is free meanwhile. At every tick and once at the end the calling
/// thread runs Python's signal handlers and `on_tick`, both with the GIL; when one raises (Ctrl-C does),
/// `work` is asked to stop, waited for and its outcome dropped, and the Python error is thrown. `work` must
/// not need the GIL to stop.
template <typename Work>
auto run_interruptibly(const Work& work, const std::function<void()>& on_tick = {}) {
  std::stop_source stop;
  auto outcome = std::async(std::launch::async, std::cref(work), stop.get_token());
  const auto is_done = [&outcome] {
    nanobind::gil_scoped_release release;
    return outcome.wait_for(kTick) == std::future_status::ready;
  };
  try {
    bool done = false;
    do {
      done = is_done();
      if (PyErr_CheckSignals() != 0) throw nanobind::python_error();
      if (on_tick) on_tick();
    } while (!done);
  } catch (...) {
    stop.request_stop();
    {
      nanobind::gil_scoped_release release;
      outcome.wait();
    }
    throw;
  }
  return outcome.get();
}

}  // namespace jammi::python
