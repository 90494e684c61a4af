#include "nn/cpu/onednn_layers.h"

#include <cmath>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <omp.h>

#include <jammi/error.h>

#include "nn/cpu/aligned_buffer.h"
#include "nn/cpu/onednn_product.h"

namespace jammi::nn::cpu {
namespace {

using dnnl::memory;

/// Attention computes whole blocks of this many tokens.
constexpr int64_t kLengthStep = 16;

struct Layer {
  OneDnnLinear qkv;
  OneDnnLinear attention_output;
  NormWeights attention_norm;
  OneDnnLinear intermediate;
  OneDnnLinear output;
  NormWeights output_norm;

  size_t bytes() const {
    return qkv.bytes() + attention_output.bytes() + intermediate.bytes() + output.bytes();
  }
};

ProductEnd end_of(EncoderSpec::Activation activation) {
  switch (activation) {
    case EncoderSpec::Activation::Gelu:
      return ProductEnd::Gelu;
    case EncoderSpec::Activation::GeluTanh:
      return ProductEnd::GeluTanh;
    case EncoderSpec::Activation::Relu:
      return ProductEnd::Relu;
  }
  return ProductEnd::Store;
}

/// Keeps oneDNN's OpenMP on the calling thread: a worker is one thread, and barriers between threads spin.
class OneThread {
 public:
  OneThread() : previous_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(previous_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int previous_;
};

/// Runs `body`, turning oneDNN's exceptions into ours.
template <typename Body>
auto at_door(const Body& body) {
  try {
    return body();
  } catch (const dnnl::error& error) {
    const ErrorCode code = error.status == dnnl_unimplemented ? ErrorCode::Unsupported : ErrorCode::Internal;
    throw Error(code, ErrorCategory::Model, "oneDNN failed: " + std::string(error.what()));
  }
}

class OneDnnLayers final : public LayerStack {
 public:
  OneDnnLayers(const EncoderSpec& spec, const ReadLayer& read_layer, Precision precision,
               const Kernels& kernels)
      : spec_(spec),
        element_(precision == Precision::Bf16 ? memory::data_type::bf16 : memory::data_type::f32),
        kernels_(kernels),
        engine_(dnnl::engine::kind::cpu, 0) {
    for (int64_t i = 0; i < spec.num_layers; ++i) {
      LayerWeights weights = read_layer(static_cast<size_t>(i));
      layers_.push_back(
          {.qkv = {engine_, weights.qkv, element_, ProductEnd::Store},
           .attention_output = {engine_, weights.attention_output, element_, ProductEnd::AddToF32},
           .attention_norm = std::move(weights.attention_norm),
           .intermediate = {engine_, weights.intermediate, element_, end_of(spec.activation)},
           .output = {engine_, weights.output, element_, ProductEnd::AddToF32},
           .output_norm = std::move(weights.output_norm)});
    }
  }

  size_t weight_bytes() const noexcept override {
    size_t bytes = 0;
    for (const Layer& layer : layers_) bytes += layer.bytes();
    return bytes;
  }

  std::string kernel_name() const override {
    return layers_.empty() ? "onednn" : layers_.front().intermediate.implementation();
  }

  std::unique_ptr<LayerRunner> make_runner() const override;

  const EncoderSpec& spec() const { return spec_; }
  const Kernels& kernels() const { return kernels_; }
  memory::data_type element() const { return element_; }
  const dnnl::engine& engine() const { return engine_; }
  std::span<const Layer> layers() const { return layers_; }

 private:
  EncoderSpec spec_;
  memory::data_type element_;
  const Kernels& kernels_;
  dnnl::engine engine_;
  std::vector<Layer> layers_;
};

/// `Element` is float or the bits of a bf16: the type of what is multiplied.
template <typename Element>
class OneDnnRunner final : public LayerRunner {
 public:
  explicit OneDnnRunner(const OneDnnLayers& stack)
      : stack_(stack),
        kernels_(stack.kernels()),
        products_(stack.engine()),
        hidden_size_(static_cast<size_t>(stack.spec().hidden_size)),
        intermediate_size_(static_cast<size_t>(stack.spec().intermediate_size)) {}

  void run(const PackedBatchView& batch, float* hidden) override {
    at_door([&] {
      OneThread one_thread;
      run_layers(batch, hidden);
    });
  }

 private:
  void run_layers(const PackedBatchView& batch, float* hidden) {
    const size_t num_values = batch.num_tokens() * hidden_size_;
    const int64_t rows = bucket_of(static_cast<int64_t>(batch.num_tokens()));
    reserve(static_cast<size_t>(rows));
    std::memcpy(residual_.data(), hidden, num_values * sizeof(float));
    for (const Layer& layer : stack_.layers()) {
      convert(residual_.data(), num_values, operand_.data());
      products_.run(layer.qkv, rows, operand_.data(), qkv_.data());
      attend(batch);
      products_.run(layer.attention_output, rows, context_.data(), residual_.data());
      normalize(layer.attention_norm, batch.num_tokens());
      convert(residual_.data(), num_values, operand_.data());
      products_.run(layer.intermediate, rows, operand_.data(), intermediate_.data());
      products_.run(layer.output, rows, intermediate_.data(), residual_.data());
      normalize(layer.output_norm, batch.num_tokens());
    }
    std::memcpy(hidden, residual_.data(), num_values * sizeof(float));
  }

  /// Buffers for `rows` tokens and for the tokens that attention computes beyond the last sequence.
  void reserve(size_t rows) {
    const size_t attended_rows = rows + static_cast<size_t>(kLengthStep);
    residual_.grow(rows * hidden_size_);
    operand_.grow(rows * hidden_size_);
    qkv_.grow(attended_rows * 3 * hidden_size_);
    context_.grow(attended_rows * hidden_size_);
    intermediate_.grow(rows * intermediate_size_);
  }

  void convert(const float* source, size_t size, Element* target) {
    if constexpr (std::is_same_v<Element, float>) {
      std::memcpy(target, source, size * sizeof(float));
    } else {
      kernels_.narrow_to_bf16(source, size, target);
    }
  }

  /// Lengths are rounded up to whole blocks, so a sequence also scores the rows that follow it, with
  /// probability zero, and writes context rows that the following sequence then overwrites.
  void attend(const PackedBatchView& batch) {
    AttentionShape shape{.element = stack_.element(),
                         .length = 0,
                         .num_heads = stack_.spec().num_heads,
                         .head_size = stack_.spec().head_size()};
    for (size_t i = 0; i < batch.num_sequences(); ++i) {
      const size_t first = static_cast<size_t>(batch.offsets[i]);
      const size_t length = static_cast<size_t>(batch.offsets[i + 1]) - first;
      shape.length = (static_cast<int64_t>(length) + kLengthStep - 1) / kLengthStep * kLengthStep;
      const Element* qkv = qkv_.data() + first * 3 * hidden_size_;
      const size_t num_scores = static_cast<size_t>(shape.num_heads * shape.length * shape.length);
      scores_.grow(num_scores);
      probabilities_.grow(num_scores);
      products_.score(shape, qkv, scores_.data());
      soften(length, static_cast<size_t>(shape.length));
      products_.mix(shape, probabilities_.data(), qkv, context_.data() + first * hidden_size_);
    }
  }

  /// Turns the scores of all heads into probabilities; rows of queries beyond `length` are left as they are.
  void soften(size_t length, size_t padded_length) {
    const size_t num_rows = static_cast<size_t>(stack_.spec().num_heads) * padded_length;
    const float scale = 1.0f / std::sqrt(static_cast<float>(stack_.spec().head_size()));
    for (size_t row = 0; row < num_rows; ++row) {
      if (row % padded_length >= length) continue;
      float* scores = scores_.data() + row * padded_length;
      kernels_.softmax({.length = length, .padded_length = padded_length, .scale = scale, .scores = scores});
      convert(scores, padded_length, probabilities_.data() + row * padded_length);
    }
  }

  void normalize(const NormWeights& norm, size_t num_rows) {
    kernels_.normalize({.num_rows = num_rows,
                        .width = hidden_size_,
                        .rows = residual_.data(),
                        .weight = norm.weight.data(),
                        .bias = norm.bias.data(),
                        .epsilon = stack_.spec().norm_epsilon});
  }

  const OneDnnLayers& stack_;
  const Kernels& kernels_;
  OneDnnProducts products_;
  size_t hidden_size_;
  size_t intermediate_size_;
  AlignedBuffer<float> residual_;
  AlignedBuffer<Element> operand_;
  AlignedBuffer<Element> qkv_;
  AlignedBuffer<Element> context_;
  AlignedBuffer<Element> intermediate_;
  AlignedBuffer<float> scores_;
  AlignedBuffer<Element> probabilities_;
};

std::unique_ptr<LayerRunner> OneDnnLayers::make_runner() const {
  return at_door([&]() -> std::unique_ptr<LayerRunner> {
    if (element_ == memory::data_type::bf16) return std::make_unique<OneDnnRunner<uint16_t>>(*this);
    return std::make_unique<OneDnnRunner<float>>(*this);
  });
}

}  // namespace

}  // namespace jammi::nn::cpu

const jammi::nn::cpu::LayerStack* jammi_make_onednn_layers(const jammi::nn::EncoderSpec& spec,
                                                           const jammi::nn::cpu::ReadLayer& read_layer,
                                                           jammi::nn::Precision precision,
                                                           const jammi::nn::cpu::Kernels& kernels) {
  return jammi::nn::cpu::at_door(
      [&] { return new jammi::nn::cpu::OneDnnLayers(spec, read_layer, precision, kernels); });
}
