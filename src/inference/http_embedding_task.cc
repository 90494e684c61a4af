#include "inference/http_embedding_task.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <jammi/error.h>

#include "inference/task_pool.h"
#include "inference/text_rows.h"
#include "inference/vector_column.h"

namespace jammi::inference {
namespace {

using Clock = std::chrono::steady_clock;

/// A server is not asked for more at once, however many threads there are here.
constexpr size_t kMaxRequests = 8;

/// Consecutive rows on their way to the server and back.
struct Window {
  Clock::time_point began;
  std::vector<TextRow> rows;
  std::vector<float> vectors;
  uint64_t num_tokens = 0;
  float latency_ms = 0;
  std::promise<void> promise;
  std::future<void> is_done = promise.get_future();
};

TaskOutput finish(Window& window, size_t dimensions) {
  TaskOutput output;
  output.columns = {vector_column(window.rows, std::move(window.vectors), dimensions)};
  for (TextRow& row : window.rows) output.rows.push_back(outcome_of(std::move(row)));
  output.num_tokens = window.num_tokens;
  output.latency_ms = window.latency_ms;
  return output;
}

/// Reads the rows on the thread that calls `next`, ahead of the answers as far as requests may be under way.
class HttpEmbeddingStream final : public TaskStream {
 public:
  HttpEmbeddingStream(std::shared_ptr<const model::HttpEmbedder> embedder, TextRowReader rows,
                      const StreamOptions& options, std::stop_token stop)
      : embedder_(std::move(embedder)),
        rows_(std::move(rows)),
        options_(options),
        max_requests_(std::min(options.num_threads, kMaxRequests)),
        on_stop_(std::move(stop), [this] { closing_.request_stop(); }),
        pool_(max_requests_) {}

  ~HttpEmbeddingStream() override { closing_.request_stop(); }

  std::optional<TaskOutput> next() override {
    while (!is_input_done_ && windows_.size() < max_requests_) read_window();
    if (closing_.stop_requested()) throw Error(ErrorCode::Cancelled, ErrorCategory::Inference, "cancelled");
    if (windows_.empty()) {
      if (input_error_) std::rethrow_exception(input_error_);
      return std::nullopt;
    }
    const std::shared_ptr<Window> window = std::move(windows_.front());
    windows_.pop_front();
    window->is_done.get();
    return finish(*window, embedder_->dimensions());
  }

 private:
  void read_window() {
    auto window = std::make_shared<Window>();
    window->began = Clock::now();
    try {
      window->rows = rows_.next(options_.rows_per_window, options_.bytes_per_window);
    } catch (...) {
      input_error_ = std::current_exception();
    }
    is_input_done_ = window->rows.empty();
    if (is_input_done_) return;
    windows_.push_back(window);
    pool_.submit(num_windows_++, [this, window](size_t) {
      try {
        embed(*window);
        window->latency_ms = std::chrono::duration<float, std::milli>(Clock::now() - window->began).count();
        window->promise.set_value();
      } catch (...) {
        window->promise.set_exception(std::current_exception());
      }
    });
  }

  void embed(Window& window) const {
    const size_t width = embedder_->dimensions();
    window.vectors.resize(window.rows.size() * width);
    std::vector<std::string_view> texts;
    std::vector<size_t> positions;
    for (size_t row = 0; row < window.rows.size(); ++row) {
      if (!window.rows[row].is_ok()) continue;
      texts.push_back(window.rows[row].text);
      positions.push_back(row);
    }
    if (texts.empty()) return;
    try {
      model::RemoteVectors remote = embedder_->embed(texts, closing_.get_token());
      window.num_tokens = remote.num_tokens;
      for (size_t i = 0; i < texts.size(); ++i) {
        std::copy_n(&remote.vectors[i * width], width, &window.vectors[positions[i] * width]);
        window.rows[positions[i]].error = std::move(remote.errors[i]);
      }
    } catch (const Error& error) {
      if (error.code() == ErrorCode::Cancelled) throw;
      for (size_t row : positions) window.rows[row].error = error.what();
    }
  }

  const std::shared_ptr<const model::HttpEmbedder> embedder_;
  TextRowReader rows_;
  const StreamOptions options_;
  const size_t max_requests_;
  bool is_input_done_ = false;
  std::exception_ptr input_error_;
  uint64_t num_windows_ = 0;
  std::deque<std::shared_ptr<Window>> windows_;
  std::stop_source closing_;  // ends the requests: on the caller's stop request and on destruction
  std::stop_callback<std::function<void()>> on_stop_;
  TaskPool pool_;  // last: joined first
};

class HttpEmbeddingTask final : public Task {
 public:
  HttpEmbeddingTask(std::shared_ptr<const model::HttpEmbedder> embedder, size_t texts_per_request)
      : embedder_(std::move(embedder)), texts_per_request_(texts_per_request) {}

  ModelTask kind() const noexcept override { return ModelTask::TextEmbedding; }
  Content content() const noexcept override { return Content::Text; }
  const std::string& model_id() const noexcept override { return embedder_->model_id(); }

  arrow::FieldVector columns() const override {
    return {arrow::field("vector", vector_type(embedder_->dimensions()))};
  }

  std::unique_ptr<TaskStream> run(std::shared_ptr<arrow::RecordBatchReader> rows,
                                  const StreamOptions& options, std::stop_token stop) const override {
    StreamOptions windows = options;
    windows.rows_per_window = std::min(options.rows_per_window, texts_per_request_);
    return std::make_unique<HttpEmbeddingStream>(embedder_, TextRowReader(std::move(rows)), windows,
                                                 std::move(stop));
  }

 private:
  const std::shared_ptr<const model::HttpEmbedder> embedder_;
  const size_t texts_per_request_;
};

}  // namespace

std::shared_ptr<const Task> make_http_embedding_task(std::shared_ptr<const model::HttpEmbedder> embedder,
                                                     size_t texts_per_request) {
  return std::make_shared<HttpEmbeddingTask>(std::move(embedder), texts_per_request);
}

}  // namespace jammi::inference
