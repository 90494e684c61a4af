#include "inference/text_model_stream.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include "inference/batch_budget.h"
#include "inference/token_batches.h"
#include "inference/window_pipeline.h"

namespace jammi::inference {
namespace {

/// Rows that one tokenization task takes: enough to amortise the call, few enough to share a window among
/// threads.
constexpr size_t kRowsPerSlice = 64;

struct Window : PipelineWindow {
  TextModelOutput result;
  std::vector<text::TokenBatch> slices;
  std::vector<int32_t> lengths;  ///< tokens of each row, 0 for error rows
  std::atomic<size_t> tasks_left = 0;

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
        tokens_per_batch_(options.tokens_per_batch.value_or(model_->tokens_per_batch())),
        workers_(options.num_threads),
        pipeline_(
            options.num_threads, options.windows_in_flight, [this](Window& window) { return read(window); },
            [this](const std::shared_ptr<Window>& window) { submit_tokenization(window); }, std::move(stop)) {
  }

  std::optional<TextModelOutput> next() {
    const std::shared_ptr<Window> window = pipeline_.next();
    if (window == nullptr) return std::nullopt;
    return std::move(window->result);
  }

 private:
  bool read(Window& window) {
    window.result.rows = rows_.next(options_.rows_per_window, options_.bytes_per_window);
    window.lengths.resize(window.result.rows.size());
    window.slices.resize((window.result.rows.size() + kRowsPerSlice - 1) / kRowsPerSlice);
    return !window.result.rows.empty();
  }

  void submit_tokenization(const std::shared_ptr<Window>& window) {
    window->tasks_left = window->slices.size();
    for (size_t slice = 0; slice < window->slices.size(); ++slice) {
      pipeline_.submit(*window, [this, window, slice](size_t) {
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
    std::vector<std::vector<uint32_t>> batches =
        plan_token_batches(window->lengths, tokens_per_batch_.size());
    if (batches.empty()) return finish(*window);
    window->tasks_left = batches.size();
    for (std::vector<uint32_t>& batch : batches) {
      pipeline_.submit(*window, [this, window, batch = std::move(batch)](size_t thread) {
        if (!pipeline_.is_stopped()) compute(*window, batch, thread);
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
    size_t num_tokens = 0;
    for (uint32_t row : rows) num_tokens += static_cast<size_t>(window.lengths[row]);
    tokens_per_batch_.shrink(num_tokens);
    compute(window, rows.first(rows.size() / 2), thread);
    compute(window, rows.subspan(rows.size() / 2), thread);
  }

  void finish(Window& window) {
    window.result.latency_ms = window.age_ms();
    pipeline_.finish(window);
  }

  const std::shared_ptr<const model::TextModel> model_;
  TextRowReader rows_;  // touched by the reader thread only
  const StreamOptions options_;
  BatchBudget tokens_per_batch_;
  std::vector<std::unique_ptr<model::TextWorker>> workers_;  // one per pool thread
  WindowPipeline<Window> pipeline_;
};

TextModelStream::TextModelStream(std::shared_ptr<const model::TextModel> model, TextRowReader rows,
                                 const StreamOptions& options, std::stop_token stop)
    : state_(std::make_unique<State>(std::move(model), std::move(rows), options, std::move(stop))) {}

TextModelStream::~TextModelStream() = default;

std::optional<TextModelOutput> TextModelStream::next() {
  return state_->next();
}

}  // namespace jammi::inference
