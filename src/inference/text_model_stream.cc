#include "inference/text_model_stream.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <new>
#include <span>
#include <string_view>
#include <thread>
#include <utility>

#include <jammi/error.h>

#include "inference/task_pool.h"
#include "inference/token_batches.h"

namespace jammi::inference {
namespace {

using Clock = std::chrono::steady_clock;

/// Rows that one tokenization task takes: enough to amortise the call, few enough to share a window among
/// threads.
constexpr size_t kRowsPerSlice = 64;

/// A window on its way through the pool. The result is complete when `is_done`.
struct Window {
  uint64_t rank = 0;
  Clock::time_point began;
  TextModelOutput result;
  std::vector<text::TokenBatch> slices;
  std::vector<int32_t> lengths;  ///< tokens of each row, 0 for error rows
  std::atomic<size_t> tasks_left = 0;
  bool is_done = false;  ///< guarded by the stream's mutex

  std::span<const int32_t> tokens_of(size_t row) const { return part_of(row, &text::TokenBatch::token_ids); }
  std::span<const text::CharacterSpan> spans_of(size_t row) const {
    return part_of(row, &text::TokenBatch::spans);
  }

 private:
  template <typename Value>
  std::span<const Value> part_of(size_t row, std::vector<Value> text::TokenBatch::* values) const {
    const text::TokenBatch& slice = slices[row / kRowsPerSlice];
    return std::span(slice.*values)
        .subspan(static_cast<size_t>(slice.offsets[row % kRowsPerSlice]), static_cast<size_t>(lengths[row]));
  }
};

text::TokenBatch pack(const Window& window, std::span<const uint32_t> rows) {
  text::TokenBatch packed;
  for (uint32_t row : rows) {
    std::span<const int32_t> tokens = window.tokens_of(row);
    packed.token_ids.insert(packed.token_ids.end(), tokens.begin(), tokens.end());
    packed.offsets.push_back(static_cast<int32_t>(packed.token_ids.size()));
  }
  return packed;
}

void mark_failed(Window& window, std::span<const uint32_t> rows, std::string_view reason) {
  for (uint32_t row : rows) window.result.rows[row].error = reason;
}

}  // namespace

class TextModelStream::State {
 public:
  State(std::shared_ptr<const model::TextModel> model, TextRowReader rows, const StreamOptions& options,
        std::stop_token stop)
      : model_(std::move(model)),
        rows_(std::move(rows)),
        options_(options),
        stop_(std::move(stop)),
        tokens_per_batch_(options.tokens_per_batch),
        workers_(options.num_threads),
        pool_(options.num_threads),
        on_stop_(stop_, [this] { wake_all(); }),
        reader_([this](std::stop_token closing) { read_windows(closing); }) {}

  ~State() {
    reader_.request_stop();
    wake_all();
  }

  std::optional<TextModelOutput> next() {
    std::shared_ptr<Window> window;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] {
        return stop_.stop_requested() || failure_ ||
               (windows_.empty() ? is_input_done_ : windows_.front()->is_done);
      });
      if (stop_.stop_requested()) throw Error(ErrorCode::Cancelled, ErrorCategory::Inference, "cancelled");
      if (failure_) std::rethrow_exception(failure_);
      if (windows_.empty()) {
        if (input_error_) std::rethrow_exception(input_error_);
        return std::nullopt;
      }
      window = std::move(windows_.front());
      windows_.pop_front();
    }
    changed_.notify_all();
    return std::move(window->result);
  }

 private:
  /// Passing through the mutex makes sure that a thread between its check and its wait is not missed.
  void wake_all() {
    {
      std::lock_guard lock(mutex_);
    }
    changed_.notify_all();
  }

  void read_windows(std::stop_token closing) {
    try {
      while (std::shared_ptr<Window> window = read_window()) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] {
          return closing.stop_requested() || stop_.stop_requested() || failure_ ||
                 windows_.size() < options_.windows_in_flight;
        });
        if (closing.stop_requested() || stop_.stop_requested() || failure_) break;
        windows_.push_back(window);
        lock.unlock();
        submit_tokenization(window);
      }
    } catch (...) {
      std::lock_guard lock(mutex_);
      input_error_ = std::current_exception();
    }
    std::lock_guard lock(mutex_);
    is_input_done_ = true;
    changed_.notify_all();
  }

  std::shared_ptr<Window> read_window() {
    const Clock::time_point began = Clock::now();
    std::vector<TextRow> rows = rows_.next(options_.rows_per_window, options_.bytes_per_window);
    if (rows.empty()) return nullptr;
    auto window = std::make_shared<Window>();
    window->rank = num_windows_++;
    window->began = began;
    window->lengths.resize(rows.size());
    window->slices.resize((rows.size() + kRowsPerSlice - 1) / kRowsPerSlice);
    window->result.rows = std::move(rows);
    return window;
  }

  /// Lets the pool do `work` for a window. What it throws ends the stream.
  template <typename Work>
  void submit(const Window& window, Work work) {
    pool_.submit(window.rank, [this, work = std::move(work)](size_t thread) {
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

  void submit_tokenization(const std::shared_ptr<Window>& window) {
    window->tasks_left = window->slices.size();
    for (size_t slice = 0; slice < window->slices.size(); ++slice) {
      submit(*window, [this, window, slice](size_t) {
        tokenize(*window, slice);
        if (--window->tasks_left == 0) submit_batches(window);
      });
    }
  }

  void tokenize(Window& window, size_t slice) {
    const size_t begin = slice * kRowsPerSlice;
    const size_t end = std::min(begin + kRowsPerSlice, window.result.rows.size());
    std::vector<std::string_view> texts;
    for (size_t row = begin; row < end; ++row) texts.push_back(window.result.rows[row].text);
    try {
      text::TokenBatch tokens = model_->tokenize(texts);
      for (size_t row = begin; row < end; ++row) {
        const size_t i = row - begin;
        TextRow& read = window.result.rows[row];
        if (!read.is_ok()) continue;
        window.lengths[row] = tokens.offsets[i + 1] - tokens.offsets[i];
        if (window.lengths[row] == 0) read.error = kNoTokensError;
      }
      window.slices[slice] = std::move(tokens);
    } catch (const std::exception& error) {
      for (size_t row = begin; row < end; ++row) {
        if (window.result.rows[row].is_ok()) window.result.rows[row].error = error.what();
      }
    }
  }

  /// Makes room for the model's rows of each text.
  void lay_out(Window& window) const {
    TextModelOutput& result = window.result;
    result.firsts.push_back(0);
    for (size_t row = 0; row < window.lengths.size(); ++row) {
      const auto length = static_cast<size_t>(window.lengths[row]);
      result.num_tokens += length;
      result.firsts.push_back(result.firsts.back() + (model_->is_per_token() ? length : 1));
      if (model_->is_per_token() && length > 0) result.spans.append_range(window.spans_of(row));
    }
    result.values.resize(result.firsts.back() * model_->row_width());
  }

  void submit_batches(const std::shared_ptr<Window>& window) {
    lay_out(*window);
    std::vector<std::vector<uint32_t>> batches = plan_token_batches(window->lengths, tokens_per_batch_);
    if (batches.empty()) return finish(*window);
    window->tasks_left = batches.size();
    for (std::vector<uint32_t>& batch : batches) {
      submit(*window, [this, window, batch = std::move(batch)](size_t thread) {
        if (!stop_.stop_requested()) compute(*window, batch, thread);
        if (--window->tasks_left == 0) finish(*window);
      });
    }
  }

  void compute(Window& window, std::span<const uint32_t> rows, size_t thread) {
    try {
      if (!workers_[thread]) workers_[thread] = model_->make_worker();
      const text::TokenBatch packed = pack(window, rows);
      const size_t num_rows = model_->is_per_token() ? packed.num_tokens() : packed.num_texts();
      std::vector<float> values(num_rows * model_->row_width());
      workers_[thread]->compute(model::view(packed), values);
      scatter(values, rows, window.result);
    } catch (const std::bad_alloc&) {
      compute_in_halves(window, rows, thread);
    } catch (const std::exception& error) {
      mark_failed(window, rows, error.what());
    }
  }

  /// Puts the values of a batch's texts, which follow each other, in their places.
  void scatter(std::span<const float> values, std::span<const uint32_t> rows, TextModelOutput& result) const {
    const size_t width = model_->row_width();
    for (uint32_t row : rows) {
      const size_t size = (result.firsts[row + 1] - result.firsts[row]) * width;
      std::ranges::copy(values.first(size),
                        result.values.begin() + static_cast<ptrdiff_t>(result.firsts[row] * width));
      values = values.subspan(size);
    }
  }

  void compute_in_halves(Window& window, std::span<const uint32_t> rows, size_t thread) {
    workers_[thread].reset();
    if (rows.size() == 1) return mark_failed(window, rows, "out of memory at the smallest batch size");
    size_t budget = tokens_per_batch_;
    while (budget > 1 && !tokens_per_batch_.compare_exchange_weak(budget, budget / 2)) {
    }
    compute(window, rows.first(rows.size() / 2), thread);
    compute(window, rows.subspan(rows.size() / 2), thread);
  }

  void finish(Window& window) {
    window.result.latency_ms = std::chrono::duration<float, std::milli>(Clock::now() - window.began).count();
    std::lock_guard lock(mutex_);
    window.is_done = true;
    changed_.notify_all();
  }

  const std::shared_ptr<const model::TextModel> model_;
  TextRowReader rows_;  // touched by the reader thread only
  const StreamOptions options_;
  const std::stop_token stop_;
  std::atomic<size_t> tokens_per_batch_;
  uint64_t num_windows_ = 0;  // touched by the reader thread only

  std::mutex mutex_;  // guards windows_, is_input_done_, input_error_, failure_ and Window::is_done
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Window>> windows_;
  bool is_input_done_ = false;
  std::exception_ptr input_error_;  // thrown after the windows before it
  std::exception_ptr failure_;      // thrown at once

  std::vector<std::unique_ptr<model::TextWorker>> workers_;  // one per pool thread
  TaskPool pool_;
  std::stop_callback<std::function<void()>> on_stop_;
  std::jthread reader_;  // last: begins when everything else exists, joined first
};

TextModelStream::TextModelStream(std::shared_ptr<const model::TextModel> model, TextRowReader rows,
                                 const StreamOptions& options, std::stop_token stop)
    : state_(std::make_unique<State>(std::move(model), std::move(rows), options, std::move(stop))) {}

TextModelStream::~TextModelStream() = default;

std::optional<TextModelOutput> TextModelStream::next() {
  return state_->next();
}

}  // namespace jammi::inference
