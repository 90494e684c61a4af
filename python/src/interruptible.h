#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <nanobind/nanobind.h>

#include "worker.h"

namespace jammi::python {

/// How often a waiting call lets Python run its signal handlers.
inline constexpr std::chrono::milliseconds kTick{50};

/// Runs `work` on the calling thread with the GIL free, and returns what it returns or throws what it throws.
/// For what cannot be stopped half-way: a signal waits until it has returned. The caller must hold the GIL.
template <typename Work>
auto run_without_gil(const Work& work) {
  const nanobind::gil_scoped_release release;
  return work();
}

/// Runs `work(std::stop_token)` on a worker thread and returns what it returns or throws what it throws.
/// The caller must hold the GIL, which is free meanwhile. At every tick and once at the end the calling
/// thread runs Python's signal handlers and `on_tick`, both with the GIL; when one raises (Ctrl-C does),
/// `work` is asked to stop, waited for and its outcome dropped, and the Python error is thrown. `work` must
/// not need the GIL to stop.
template <typename Work>
auto run_interruptibly(const Work& work, const std::function<void()>& on_tick = {}) {
  std::stop_source stop;
  using Outcome = std::invoke_result_t<const Work&, std::stop_token>;
  std::packaged_task<Outcome()> task([&work, token = stop.get_token()] { return work(token); });
  std::future<Outcome> outcome = task.get_future();
  const LentWorker worker = lend_worker();
  worker->start(std::move(task));
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
