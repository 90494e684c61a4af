#include "model/onnx/onnx_encoder.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <jammi/error.h>

#include "model/architectures/reading.h"
#include "model/onnx/onnx_file.h"
#include "nn/batch.h"

namespace jammi::model {
namespace {

/// Positions of a model whose configuration does not limit them.
constexpr int64_t kDefaultPositions = 512;

/// Families whose positions begin behind the padding token's id.
constexpr std::array<std::string_view, 4> kOffsetPositions{"roberta", "camembert", "xlm-roberta", "mpnet"};

int64_t read_padding_id(const JsonFile& config, int64_t fallback) {
  return config.integer_or("pad_token_id", 0, kMaxVocabulary, fallback);
}

nn::EncoderSpec read_spec(const JsonFile& config) {
  nn::EncoderSpec spec;
  spec.vocab_size = config.integer_or("vocab_size", 1, kMaxVocabulary, kMaxVocabulary);
  spec.max_positions = config.integer_or("max_position_embeddings", 1, kMaxPositions, kDefaultPositions);
  if (std::ranges::contains(kOffsetPositions, config.string_or("model_type", ""))) {
    spec.position_offset = read_padding_id(config, 1) + 1;
    if (spec.position_offset >= spec.max_positions)
      config.fail("no positions left", "max_position_embeddings");
  }
  return spec;
}

class OnnxWorker final : public nn::EncoderWorker {
 public:
  OnnxWorker(std::shared_ptr<const OnnxGraph> graph, const nn::EncoderSpec& spec)
      : graph_(std::move(graph)), spec_(spec) {}

  void encode(const nn::PackedBatchView& batch, nn::Pooling pooling, bool normalize,
              std::span<float> out) override {
    check(batch, batch.num_sequences(), out);
    if (graph_->is_per_token()) {
      rows_.resize(batch.num_tokens() * graph_->row_width());
      graph_->run(batch, rows_);
      nn::pool(batch, rows_, graph_->row_width(), pooling, out);
    } else {
      graph_->run(batch, out);
    }
    if (normalize) nn::normalize_rows(out, graph_->row_width());
  }

  void hidden_states(const nn::PackedBatchView& batch, std::span<float> out) override {
    if (!graph_->is_per_token()) {
      throw Error(ErrorCode::Unsupported, ErrorCategory::Inference,
                  "the ONNX graph gives no row for a token");
    }
    check(batch, batch.num_tokens(), out);
    graph_->run(batch, out);
  }

 private:
  void check(const nn::PackedBatchView& batch, size_t num_rows, std::span<const float> out) const {
    nn::check_batch(spec_, batch);
    nn::check_output(out, num_rows * graph_->row_width());
  }

  const std::shared_ptr<const OnnxGraph> graph_;
  const nn::EncoderSpec spec_;
  std::vector<float> rows_;
};

size_t bytes_of_files(const std::filesystem::path& file) {
  size_t bytes = std::filesystem::file_size(file);
  for (const auto& data : external_data_files(file)) bytes += std::filesystem::file_size(data);
  return bytes;
}

}  // namespace

OnnxEncoder::OnnxEncoder(std::unique_ptr<const OnnxGraph> graph, nn::EncoderSpec spec, size_t weight_bytes)
    : graph_(std::move(graph)), spec_(std::move(spec)), weight_bytes_(weight_bytes) {}

std::shared_ptr<const OnnxEncoder> OnnxEncoder::load(const std::filesystem::path& file,
                                                     std::vector<std::string> outputs,
                                                     const JsonFile& config) {
  nn::EncoderSpec spec = read_spec(config);
  auto graph = load_onnx_graph({.file = file,
                                .outputs = std::move(outputs),
                                .padding_id = static_cast<int32_t>(read_padding_id(config, 0))});
  spec.hidden_size = static_cast<int64_t>(graph->row_width());
  return std::shared_ptr<const OnnxEncoder>(
      new OnnxEncoder(std::move(graph), std::move(spec), bytes_of_files(file)));
}

std::unique_ptr<nn::EncoderWorker> OnnxEncoder::make_worker() const {
  return std::make_unique<OnnxWorker>(graph_, spec_);
}

}  // namespace jammi::model
