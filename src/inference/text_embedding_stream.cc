#include "inference/text_embedding_stream.h"

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
  EmbeddedRows result;
  std::vector<text::TokenBatch> slices;
  std::vector<int32_t> lengths;  ///< tokens of each row, 0 for error rows
  std::atomic<size_t> tasks_left = 0;
  bool is_done = false;  ///< guarded by the stream's mutex

  std::span<const int32_t> tokens_of(uint32_t row) const {
    const text::TokenBatch& slice = slices[row / kRowsPerSlice];
    const int32_t begin = slice.offsets[row % kRowsPerSlice];
    return {slice.token_ids.data() + begin, static_cast<size_t>(lengths[row])};
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

class TextEmbeddingStream::State {
 public:
  State(std::shared_ptr<const model::TextEmbedder> embedder, TextRowReader rows, const StreamOptions& options,
        std::stop_token stop)
      : embedder_(std::move(embedder)),
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

  std::optional<EmbeddedRows> next() {
    std::shared_ptr<Window> window;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] {
        return stop_.stop_requested() || (windows_.empty() ? is_input_done_ : windows_.front()->is_done);
      });
      if (stop_.stop_requested()) throw Error(ErrorCode::Cancelled, ErrorCategory::Inference, "cancelled");
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
          return closing.stop_requested() || stop_.stop_requested() ||
                 windows_.size() < options_.windows_in_flight;
        });
        if (closing.stop_requested() || stop_.stop_requested()) break;
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
    window->result.vectors.resize(rows.size() * embedder_->dimensions());
    window->result.rows = std::move(rows);
    return window;
  }

  void submit_tokenization(const std::shared_ptr<Window>& window) {
    window->tasks_left = window->slices.size();
    for (size_t slice = 0; slice < window->slices.size(); ++slice) {
      pool_.submit(window->rank, [this, window, slice](size_t) {
        tokenize(*window, slice);
        if (--window->tasks_left == 0) submit_encoding(window);
      });
    }
  }

  void tokenize(Window& window, size_t slice) {
    const size_t begin = slice * kRowsPerSlice;
    const size_t end = std::min(begin + kRowsPerSlice, window.result.rows.size());
    std::vector<std::string_view> texts;
    for (size_t row = begin; row < end; ++row) texts.push_back(window.result.rows[row].text);
    try {
      text::TokenBatch tokens = embedder_->tokenize(texts);
      for (size_t row = begin; row < end; ++row) {
        const size_t i = row - begin;
        if (window.result.rows[row].is_ok()) window.lengths[row] = tokens.offsets[i + 1] - tokens.offsets[i];
      }
      window.slices[slice] = std::move(tokens);
    } catch (const std::exception& error) {
      for (size_t row = begin; row < end; ++row) {
        if (window.result.rows[row].is_ok()) window.result.rows[row].error = error.what();
      }
    }
  }

  void submit_encoding(const std::shared_ptr<Window>& window) {
    for (int32_t length : window->lengths) window->result.num_tokens += static_cast<uint64_t>(length);
    std::vector<std::vector<uint32_t>> batches = plan_token_batches(window->lengths, tokens_per_batch_);
    if (batches.empty()) return finish(*window);
    window->tasks_left = batches.size();
    for (std::vector<uint32_t>& batch : batches) {
      pool_.submit(window->rank, [this, window, batch = std::move(batch)](size_t thread) {
        if (!stop_.stop_requested()) encode(*window, batch, thread);
        if (--window->tasks_left == 0) finish(*window);
      });
    }
  }

  void encode(Window& window, std::span<const uint32_t> rows, size_t thread) {
    try {
      if (!workers_[thread]) workers_[thread] = embedder_->make_worker();
      const text::TokenBatch packed = pack(window, rows);
      const size_t width = embedder_->dimensions();
      std::vector<float> vectors(rows.size() * width);
      workers_[thread]->encode(model::view(packed), vectors);
      for (size_t i = 0; i < rows.size(); ++i) {
        std::copy_n(vectors.begin() + static_cast<ptrdiff_t>(i * width), width,
                    window.result.vectors.begin() + static_cast<ptrdiff_t>(rows[i] * width));
      }
    } catch (const std::bad_alloc&) {
      encode_in_halves(window, rows, thread);
    } catch (const std::exception& error) {
      mark_failed(window, rows, error.what());
    }
  }

  void encode_in_halves(Window& window, std::span<const uint32_t> rows, size_t thread) {
    workers_[thread].reset();
    if (rows.size() == 1) return mark_failed(window, rows, "out of memory at the smallest batch size");
    size_t budget = tokens_per_batch_;
    while (budget > 1 && !tokens_per_batch_.compare_exchange_weak(budget, budget / 2)) {
    }
    encode(window, rows.first(rows.size() / 2), thread);
    encode(window, rows.subspan(rows.size() / 2), thread);
  }

  void finish(Window& window) {
    window.result.latency_ms = std::chrono::duration<float, std::milli>(Clock::now() - window.began).count();
    std::lock_guard lock(mutex_);
    window.is_done = true;
    changed_.notify_all();
  }

  const std::shared_ptr<const model::TextEmbedder> embedder_;
  TextRowReader rows_;  // touched by the reader thread only
  const StreamOptions options_;
  const std::stop_token stop_;
  std::atomic<size_t> tokens_per_batch_;
  uint64_t num_windows_ = 0;  // touched by the reader thread only

  std::mutex mutex_;  // guards windows_, is_input_done_, input_error_ and Window::is_done
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Window>> windows_;
  bool is_input_done_ = false;
  std::exception_ptr input_error_;

  std::vector<std::unique_ptr<model::TextEmbedder::Worker>> workers_;  // one per pool thread
  TaskPool pool_;
  std::stop_callback<std::function<void()>> on_stop_;
  std::jthread reader_;  // last: begins when everything else exists, joined first
};

TextEmbeddingStream::TextEmbeddingStream(std::shared_ptr<const model::TextEmbedder> embedder,
                                         TextRowReader rows, const StreamOptions& options,
                                         std::stop_token stop)
    : state_(std::make_unique<State>(std::move(embedder), std::move(rows), options, std::move(stop))) {}

TextEmbeddingStream::~TextEmbeddingStream() = default;

std::optional<EmbeddedRows> TextEmbeddingStream::next() {
  return state_->next();
}

}  // namespace jammi::inference
