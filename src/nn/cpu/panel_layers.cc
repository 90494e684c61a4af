#include "nn/cpu/panel_layers.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "nn/cpu/aligned_buffer.h"
#include "nn/cpu/panel_linear.h"

namespace jammi::nn::cpu {
namespace {

/// Rows that go through the whole feed-forward part of a layer before the next ones start, so that its wide
/// intermediate values stay in the cache.
constexpr size_t kRowsPerPass = 192;

struct Layer {
  PanelLinear qkv;
  PanelLinear attention_output;
  NormWeights attention_norm;
  PanelLinear intermediate;
  PanelLinear output;
  NormWeights output_norm;

  size_t bytes() const {
    return qkv.bytes() + attention_output.bytes() + intermediate.bytes() + output.bytes();
  }
};

Epilogue epilogue_of(EncoderSpec::Activation activation) {
  switch (activation) {
    case EncoderSpec::Activation::Gelu:
      return Epilogue::Gelu;
    case EncoderSpec::Activation::GeluTanh:
      return Epilogue::GeluTanh;
    case EncoderSpec::Activation::Relu:
      return Epilogue::Relu;
  }
  return Epilogue::None;
}

class PanelLayers final : public LayerStack {
 public:
  PanelLayers(const EncoderSpec& spec, const ReadLayer& read_layer, Precision precision,
              const Kernels& kernels)
      : spec_(spec), rounds_(precision == Precision::Bf16), kernels_(kernels) {
    for (int64_t i = 0; i < spec.num_layers; ++i) {
      LayerWeights weights = read_layer(static_cast<size_t>(i));
      layers_.push_back({.qkv = {weights.qkv, kernels, rounds_},
                         .attention_output = {weights.attention_output, kernels, rounds_},
                         .attention_norm = std::move(weights.attention_norm),
                         .intermediate = {weights.intermediate, kernels, rounds_},
                         .output = {weights.output, kernels, rounds_},
                         .output_norm = std::move(weights.output_norm)});
    }
  }

  size_t weight_bytes() const noexcept override {
    size_t bytes = 0;
    for (const Layer& layer : layers_) bytes += layer.bytes();
    return bytes;
  }

  std::string kernel_name() const override {
    return std::string(rounds_ ? "panel_rounding:" : "panel:") + std::string(kernels_.name);
  }

  std::unique_ptr<LayerRunner> make_runner() const override;

  const EncoderSpec& spec() const { return spec_; }
  const Kernels& kernels() const { return kernels_; }
  bool rounds() const { return rounds_; }
  std::span<const Layer> layers() const { return layers_; }

 private:
  EncoderSpec spec_;
  bool rounds_;
  const Kernels& kernels_;
  std::vector<Layer> layers_;
};

class PanelRunner final : public LayerRunner {
 public:
  explicit PanelRunner(const PanelLayers& stack)
      : stack_(stack),
        kernels_(stack.kernels()),
        hidden_size_(static_cast<size_t>(stack.spec().hidden_size)),
        epilogue_(epilogue_of(stack.spec().activation)) {}

  void run(const PackedBatchView& batch, float* hidden) override {
    const size_t num_tokens = batch.num_tokens();
    qkv_.grow(num_tokens * 3 * hidden_size_);
    context_.grow(num_tokens * hidden_size_);
    for (const Layer& layer : stack_.layers()) {
      for_each_pass(num_tokens, [&](size_t first, size_t rows) {
        const float* operand = as_operand(hidden + first * hidden_size_, rows);
        Product qkv = layer.qkv.product(rows, operand, qkv_.data() + first * 3 * hidden_size_);
        qkv.rounds_to_bf16 = stack_.rounds();
        kernels_.multiply(qkv);
      });
      attend(batch);
      for_each_pass(num_tokens, [&](size_t first, size_t rows) {
        float* residual = hidden + first * hidden_size_;
        add(layer.attention_output, context_.data() + first * hidden_size_, rows, residual);
        normalize(layer.attention_norm, rows, residual);
        feed_forward(layer, rows, residual);
        normalize(layer.output_norm, rows, residual);
      });
    }
  }

 private:
  template <typename Body>
  static void for_each_pass(size_t num_tokens, const Body& body) {
    for (size_t first = 0; first < num_tokens; first += kRowsPerPass) {
      body(first, std::min(kRowsPerPass, num_tokens - first));
    }
  }

  /// The rows as a product's operand: themselves, or their bf16 roundings in scratch memory.
  const float* as_operand(const float* rows, size_t num_rows) {
    if (!stack_.rounds()) return rows;
    float* rounded = operand_.grow(kRowsPerPass * hidden_size_);
    kernels_.round_to_bf16(rows, num_rows * hidden_size_, rounded);
    return rounded;
  }

  void attend(const PackedBatchView& batch) {
    const size_t num_heads = static_cast<size_t>(stack_.spec().num_heads);
    const size_t head_size = static_cast<size_t>(stack_.spec().head_size());
    for (size_t i = 0; i < batch.num_sequences(); ++i) {
      const size_t first = static_cast<size_t>(batch.offsets[i]);
      const size_t length = static_cast<size_t>(batch.offsets[i + 1]) - first;
      kernels_.attend({.length = length,
                       .num_heads = num_heads,
                       .head_size = head_size,
                       .qkv = qkv_.data() + first * 3 * hidden_size_,
                       .context = context_.data() + first * hidden_size_,
                       .scratch = scratch_.grow(kernels_.attention_scratch(length, head_size)),
                       .rounds_to_bf16 = stack_.rounds()});
    }
  }

  void add(const PanelLinear& linear, const float* operand, size_t rows, float* residual) {
    Product product = linear.product(rows, operand, residual);
    product.adds_to_target = true;
    kernels_.multiply(product);
  }

  void feed_forward(const Layer& layer, size_t rows, float* residual) {
    float* intermediate = intermediate_.grow(kRowsPerPass * layer.intermediate.out_features());
    Product widen = layer.intermediate.product(rows, as_operand(residual, rows), intermediate);
    widen.epilogue = epilogue_;
    widen.rounds_to_bf16 = stack_.rounds();
    kernels_.multiply(widen);
    add(layer.output, intermediate, rows, residual);
  }

  void normalize(const NormWeights& norm, size_t rows, float* hidden) {
    kernels_.normalize({.num_rows = rows,
                        .width = hidden_size_,
                        .rows = hidden,
                        .weight = norm.weight.data(),
                        .bias = norm.bias.data(),
                        .epsilon = stack_.spec().norm_epsilon});
  }

  const PanelLayers& stack_;
  const Kernels& kernels_;
  size_t hidden_size_;
  Epilogue epilogue_;
  AlignedBuffer<float> operand_;
  AlignedBuffer<float> qkv_;
  AlignedBuffer<float> context_;
  AlignedBuffer<float> intermediate_;
  AlignedBuffer<float> scratch_;
};

std::unique_ptr<LayerRunner> PanelLayers::make_runner() const {
  return std::make_unique<PanelRunner>(*this);
}

}  // namespace

std::unique_ptr<const LayerStack> make_panel_layers(const EncoderSpec& spec, const ReadLayer& read_layer,
                                                    Precision precision, const Kernels& kernels) {
  return std::make_unique<PanelLayers>(spec, read_layer, precision, kernels);
}

}  // namespace jammi::nn::cpu
