#include "inference/image_embedding_stream.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <span>
#include <string>
#include <utility>

#include <jammi/error.h>

#include "image/decode.h"
#include "image/preprocess.h"
#include "inference/batch_budget.h"
#include "inference/window_pipeline.h"

namespace jammi::inference {
namespace {

/// Bounds the pixels that a thread holds beside the picture that it decodes.
constexpr size_t kMostImagesPerBatch = 16;

struct Window : PipelineWindow {
  uint64_t first_row = 0;
  EmbeddedImages result;
  std::atomic<size_t> tasks_left = 0;
};

image::Image decode(const ImageRow& row) {
  if (row.is_path) return image::decode_file(row.content);
  return image::decode(std::as_bytes(std::span(row.content)));
}

size_t choose_images_per_batch(const model::ImageModel& model, size_t num_tokens) {
  return std::clamp(num_tokens / model.tokens_per_image(), size_t{1}, kMostImagesPerBatch);
}

/// Images of a batch that could be had.
struct Pixels {
  std::vector<float> values;
  std::vector<size_t> rows;  ///< of the window
};

}  // namespace

class ImageEmbeddingStream::State {
 public:
  State(std::shared_ptr<const model::ImageModel> model, ImageRowReader rows, const StreamOptions& options,
        std::stop_token stop)
      : model_(std::move(model)),
        rows_(std::move(rows)),
        options_(options),
        images_per_batch_(
            choose_images_per_batch(*model_, options.tokens_per_batch.value_or(model_->tokens_per_batch()))),
        workers_(options.num_threads),
        // A window may be one large file, so every thread gets one of its own.
        pipeline_(
            options.num_threads, std::max(options.windows_in_flight, options.num_threads),
            [this](Window& window) { return read(window); },
            [this](const std::shared_ptr<Window>& window) { submit_batches(window); }, std::move(stop)) {}

  std::optional<EmbeddedImages> next() {
    const std::shared_ptr<Window> window = pipeline_.next();
    if (window == nullptr) return std::nullopt;
    return std::move(window->result);
  }

 private:
  bool read(Window& window) {
    window.result.rows = rows_.next(options_.rows_per_window, options_.bytes_per_window);
    window.result.vectors.resize(window.result.rows.size() * model_->dimensions());
    window.first_row = num_rows_;
    num_rows_ += window.result.rows.size();
    return !window.result.rows.empty();
  }

  void submit_batches(const std::shared_ptr<Window>& window) {
    const size_t num_rows = window->result.rows.size();
    const size_t batch_size = images_per_batch_.size();
    window->tasks_left = (num_rows + batch_size - 1) / batch_size;
    for (size_t begin = 0; begin < num_rows; begin += batch_size) {
      const size_t end = std::min(begin + batch_size, num_rows);
      pipeline_.submit(*window, [this, window, begin, end](size_t thread) {
        embed(*window, begin, end, thread);
        if (--window->tasks_left == 0) finish(*window);
      });
    }
  }

  void embed(Window& window, size_t begin, size_t end, size_t thread) {
    Pixels pixels;
    for (size_t row = begin; row < end; ++row) {
      if (pipeline_.is_stopped()) return;
      if (window.result.rows[row].is_ok()) add_pixels(window, row, pixels);
      window.result.rows[row].content = {};
    }
    if (!pixels.rows.empty()) encode(window, pixels.values, pixels.rows, thread);
  }

  void add_pixels(Window& window, size_t row, Pixels& pixels) const {
    ImageRow& read = window.result.rows[row];
    const std::string place =
        "Failed to decode image at row " + std::to_string(window.first_row + row) + ": ";
    try {
      std::vector<float> values(model_->preprocessing().num_values());
      image::preprocess(decode(read), model_->preprocessing(), values);
      pixels.values.append_range(values);
      pixels.rows.push_back(row);
    } catch (const Error& error) {
      const bool is_unread = error.category() == ErrorCategory::Io;
      if (!is_unread && error.category() != ErrorCategory::Inference) throw;  // no fault of the row
      read.error = (is_unread ? "Failed to load image '" + read.content + "': " : place) + error.message();
    } catch (const std::bad_alloc&) {
      read.error = place + "out of memory";
    }
  }

  void encode(Window& window, std::span<const float> pixels, std::span<const size_t> rows, size_t thread) {
    try {
      if (!workers_[thread]) workers_[thread] = model_->make_worker();
      const size_t width = model_->dimensions();
      std::vector<float> vectors(rows.size() * width);
      workers_[thread]->encode(pixels, vectors);
      for (size_t i = 0; i < rows.size(); ++i) {
        std::copy_n(&vectors[i * width], width, &window.result.vectors[rows[i] * width]);
      }
    } catch (const std::bad_alloc&) {
      encode_in_halves(window, pixels, rows, thread);
    } catch (const std::exception& error) {
      for (size_t row : rows) window.result.rows[row].error = error.what();
    }
  }

  void encode_in_halves(Window& window, std::span<const float> pixels, std::span<const size_t> rows,
                        size_t thread) {
    workers_[thread].reset();
    if (rows.size() == 1) {
      window.result.rows[rows[0]].error = "out of memory at the smallest batch size";
      return;
    }
    images_per_batch_.shrink(rows.size());
    const size_t half = rows.size() / 2;
    const size_t values = half * model_->preprocessing().num_values();
    encode(window, pixels.first(values), rows.first(half), thread);
    encode(window, pixels.subspan(values), rows.subspan(half), thread);
  }

  void finish(Window& window) {
    const auto num_embedded = std::ranges::count_if(window.result.rows, &ImageRow::is_ok);
    window.result.num_tokens = static_cast<uint64_t>(num_embedded) * model_->tokens_per_image();
    window.result.latency_ms = window.age_ms();
    pipeline_.finish(window);
  }

  const std::shared_ptr<const model::ImageModel> model_;
  ImageRowReader rows_;  // these two are touched by the reader thread only
  uint64_t num_rows_ = 0;
  const StreamOptions options_;
  BatchBudget images_per_batch_;
  std::vector<std::unique_ptr<model::ImageWorker>> workers_;  // one per pool thread
  WindowPipeline<Window> pipeline_;
};

ImageEmbeddingStream::ImageEmbeddingStream(std::shared_ptr<const model::ImageModel> model,
                                           ImageRowReader rows, const StreamOptions& options,
                                           std::stop_token stop)
    : state_(std::make_unique<State>(std::move(model), std::move(rows), options, std::move(stop))) {}

ImageEmbeddingStream::~ImageEmbeddingStream() = default;

std::optional<EmbeddedImages> ImageEmbeddingStream::next() {
  return state_->next();
}

}  // namespace jammi::inference
