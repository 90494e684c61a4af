#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include <jammi/error.h>

#include "inference/task_pool.h"

namespace jammi::inference {

/// What windows of every kind have: consecutive rows on their way through a pipeline.
class PipelineWindow {
 public:
  /// Milliseconds since its rows began to be read.
  float age_ms() const { return std::chrono::duration<float, std::milli>(Clock::now() - began_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  template <typename Window>
  friend class WindowPipeline;

  uint64_t rank_ = 0;
  Clock::time_point began_;
  bool is_done_ = false;  // guarded by the pipeline's mutex
};

/// Moves windows of rows through a pool of threads and gives them back in order. A reader thread makes
/// windows, a bounded number ahead; each is then in the hands of the tasks that its owner submits for it,
/// until `finish`. The pool prefers earlier windows but begins the next one before the last task of this one
/// ends, so that no thread idles.
///
/// `Window` is a PipelineWindow that can be made of nothing. One thread may call `next`; tasks call the rest.
/// Destruction stops everything and waits for the tasks that run: a pipeline is the last member of its owner.
template <typename Window>
class WindowPipeline {
 public:
  /// Fills a window, on the reader thread; false at the end of the input.
  using Read = std::function<bool(Window& window)>;
  /// Submits the first tasks of a window.
  using Begin = std::function<void(const std::shared_ptr<Window>& window)>;

  WindowPipeline(size_t num_threads, size_t windows_in_flight, Read read, Begin begin, std::stop_token stop)
      : windows_in_flight_(windows_in_flight),
        read_(std::move(read)),
        begin_(std::move(begin)),
        stop_(std::move(stop)),
        pool_(num_threads),
        on_stop_(stop_, [this] { wake_all(); }),
        reader_([this](std::stop_token closing) { read_windows(closing); }) {}

  ~WindowPipeline() {
    reader_.request_stop();
    wake_all();
  }
  WindowPipeline(const WindowPipeline&) = delete;
  WindowPipeline& operator=(const WindowPipeline&) = delete;

  bool is_stopped() const { return stop_.stop_requested(); }

  /// Lets the pool do `work` for a window; it learns which thread does it. What it throws ends the pipeline.
  void submit(const Window& window, std::function<void(size_t thread)> work) {
    pool_.submit(window.rank_, [this, work = std::move(work)](size_t thread) {
      try {
        work(thread);
      } catch (...) {
        {
          std::lock_guard lock(mutex_);
          failure_ = std::current_exception();
        }
        changed_.notify_all();
      }
    });
  }

  /// Hands a window over to `next`.
  void finish(Window& window) {
    {
      std::lock_guard lock(mutex_);
      window.is_done_ = true;
    }
    changed_.notify_all();
  }

  /// The next finished window in the order of reading, null after the last. Throws what a task threw, what
  /// reading threw once the windows before it are through, or Cancelled after a stop request.
  std::shared_ptr<Window> next() {
    std::shared_ptr<Window> window;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] {
        return is_ending() || (windows_.empty() ? is_input_done_ : windows_.front()->is_done_);
      });
      if (is_stopped()) throw Error(ErrorCode::Cancelled, ErrorCategory::Inference, "cancelled");
      if (failure_) std::rethrow_exception(failure_);
      if (windows_.empty()) {
        if (input_error_) std::rethrow_exception(input_error_);
        return nullptr;
      }
      window = std::move(windows_.front());
      windows_.pop_front();
    }
    changed_.notify_all();
    return window;
  }

 private:
  bool is_ending() const { return is_stopped() || failure_ != nullptr; }

  /// Passing through the mutex makes sure that a thread between its check and its wait is not missed.
  void wake_all() {
    {
      std::lock_guard lock(mutex_);
    }
    changed_.notify_all();
  }

  std::shared_ptr<Window> read_window() {
    auto window = std::make_shared<Window>();
    window->began_ = PipelineWindow::Clock::now();
    window->rank_ = num_windows_++;
    return read_(*window) ? window : nullptr;
  }

  void read_windows(std::stop_token closing) {
    try {
      while (std::shared_ptr<Window> window = read_window()) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] {
          return closing.stop_requested() || is_ending() || windows_.size() < windows_in_flight_;
        });
        if (closing.stop_requested() || is_ending()) break;
        windows_.push_back(window);
        lock.unlock();
        begin_(window);
      }
    } catch (...) {
      std::lock_guard lock(mutex_);
      input_error_ = std::current_exception();
    }
    std::lock_guard lock(mutex_);
    is_input_done_ = true;
    changed_.notify_all();
  }

  const size_t windows_in_flight_;
  const Read read_;
  const Begin begin_;
  const std::stop_token stop_;
  uint64_t num_windows_ = 0;  // touched by the reader thread only

  std::mutex mutex_;  // guards what follows up to the pool, and PipelineWindow::is_done_
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Window>> windows_;
  bool is_input_done_ = false;
  std::exception_ptr input_error_;  // thrown after the windows before it
  std::exception_ptr failure_;      // thrown at once

  TaskPool pool_;
  std::stop_callback<std::function<void()>> on_stop_;
  std::jthread reader_;  // last: begins when everything else exists, joined first
};

}  // namespace jammi::inference
