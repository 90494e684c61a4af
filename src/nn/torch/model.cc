#include "nn/torch/model.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <torch/cuda.h>

#include "nn/torch/attention.h"
#include "nn/torch/door.h"
#include "nn/torch/plugin.h"

namespace jammi::nn::torch {
namespace {

at::ScalarType element_of(Precision precision) {
  switch (precision) {
    case Precision::F32:
      return at::kFloat;
    case Precision::Bf16:
      return at::kBFloat16;
    case Precision::F16:
      return at::kHalf;
  }
  return at::kFloat;
}

at::Device device_of(const Device& device) {
  if (device.kind != Device::Kind::Cuda) return at::kCPU;
  return {at::kCUDA, static_cast<at::DeviceIndex>(device.index)};
}

at::Tensor activated(EncoderSpec::Activation activation, const at::Tensor& x) {
  switch (activation) {
    case EncoderSpec::Activation::Gelu:
      return at::gelu(x);
    case EncoderSpec::Activation::GeluTanh:
      return at::gelu(x, "tanh");
    case EncoderSpec::Activation::QuickGelu:
      return x * (x * 1.702).sigmoid();
    case EncoderSpec::Activation::Relu:
      return x.relu();
  }
  return x;
}

/// Keeps libtorch's CPU kernels on the calling thread, as every EncoderWorker is.
class OneThread {
 public:
  OneThread() : previous_(at::get_num_threads()) { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(previous_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int previous_;
};

/// Both in the type of what is multiplied.
struct Linear {
  at::Tensor weight;
  at::Tensor bias;

  Linear(const cpu::LinearWeights& weights, const at::TensorOptions& options)
      : weight(
            to_device(weights.weight,
                      {static_cast<int64_t>(weights.out_features), static_cast<int64_t>(weights.in_features)},
                      options)),
        bias(to_device(weights.bias, {static_cast<int64_t>(weights.out_features)}, options)) {}

  at::Tensor apply(const at::Tensor& rows) const { return at::linear(rows, weight, bias); }
  size_t bytes() const { return weight.nbytes() + bias.nbytes(); }
};

/// f32; undefined tensors where the model does not normalise.
struct Norm {
  at::Tensor weight;
  at::Tensor bias;

  Norm(const cpu::NormWeights& weights, const at::TensorOptions& options) {
    if (weights.is_identity()) return;
    const auto size = static_cast<int64_t>(weights.weight.size());
    weight = to_device(weights.weight, {size}, options.dtype(at::kFloat));
    bias = to_device(weights.bias, {size}, options.dtype(at::kFloat));
  }

  at::Tensor apply(const at::Tensor& rows, float epsilon) const {
    if (!weight.defined()) return rows;
    return at::layer_norm(rows, weight.sizes(), weight, bias, epsilon);
  }
};

struct Layer {
  Linear qkv;
  Linear attention_output;
  Norm attention_norm;
  Linear intermediate;
  Linear output;
  Norm feed_forward_norm;

  Layer(const cpu::LayerWeights& weights, const at::TensorOptions& options)
      : qkv(weights.qkv, options),
        attention_output(weights.attention_output, options),
        attention_norm(weights.attention_norm, options),
        intermediate(weights.intermediate, options),
        output(weights.output, options),
        feed_forward_norm(weights.feed_forward_norm, options) {}

  size_t bytes() const {
    return qkv.bytes() + attention_output.bytes() + intermediate.bytes() + output.bytes();
  }
};

/// The residual stream is f32, as are norms and embeddings; linear layers and attention work on `options_`'s
/// type.
class TorchModel final : public Model {
 public:
  explicit TorchModel(const ModelSource& source)
      : spec_(source.spec),
        options_(at::TensorOptions(device_of(source.device)).dtype(element_of(source.precision))),
        words_(to_device(source.embeddings.words(), {spec_.vocab_size, spec_.hidden_size},
                         options_.dtype(at::kFloat))),
        embedding_norm_(source.embeddings.norm(), options_),
        final_norm_(source.final_norm, options_),
        tables_(source.tables, spec_, options_) {
    if (!source.embeddings.positions().empty()) {
      positions_ = to_device(source.embeddings.positions(), {spec_.max_positions, spec_.hidden_size},
                             options_.dtype(at::kFloat));
    }
    for (int64_t i = 0; i < spec_.num_layers; ++i) {
      layers_.emplace_back(source.read_layer(static_cast<size_t>(i)), options_);
    }
  }

  size_t weight_bytes() const noexcept override {
    size_t bytes = words_.nbytes() + (positions_.defined() ? positions_.nbytes() : 0);
    for (const Layer& layer : layers_) bytes += layer.bytes();
    return bytes;
  }

  void hidden_states(const PackedBatchView& batch, const BatchPlan& plan,
                     std::span<float> out) const override {
    compute(out, [&] { return run(batch, plan); });
  }

  void encode(const PackedBatchView& batch, const BatchPlan& plan, Pooling pooling,
              std::span<float> out) const override {
    compute(out, [&] {
      const at::Tensor hidden = run(batch, plan);
      if (!plan.pooled_tokens.empty()) return hidden.index_select(0, indices(plan.pooled_tokens));
      return at::segment_reduce(hidden, pooling == Pooling::Mean ? "mean" : "max", {}, {},
                                indices(batch.offsets), /*axis=*/0, /*unsafe=*/true);
    });
  }

 private:
  /// Copies what `body` computes to `out`.
  template <typename Body>
  void compute(std::span<float> out, const Body& body) const {
    at_door([&] {
      const c10::InferenceMode without_gradients;
      std::optional<OneThread> one_thread;
      if (device().is_cpu()) one_thread.emplace();
      const at::Tensor result = body();
      at::from_blob(out.data(), result.sizes(), at::kFloat).copy_(result);
    });
  }

  at::Device device() const { return options_.device(); }
  at::Tensor indices(std::span<const int32_t> values) const { return to_device(values, device()); }

  at::Tensor run(const PackedBatchView& batch, const BatchPlan& plan) const {
    at::Tensor hidden = words_.index_select(0, indices(batch.token_ids));
    if (positions_.defined()) hidden.add_(positions_.index_select(0, indices(plan.position_ids)));
    hidden = normalized(embedding_norm_, hidden);
    const BatchAttention attention(spec_, tables_, plan, device());
    for (size_t i = 0; i < layers_.size(); ++i) {
      const Layer& layer = layers_[i];
      const at::Tensor qkv = layer.qkv.apply(block_input(layer.attention_norm, hidden));
      hidden.add_(layer.attention_output.apply(attention.attend(qkv, i)));
      hidden = block_end(layer.attention_norm, hidden);
      hidden.add_(feed_forward(layer, block_input(layer.feed_forward_norm, hidden)));
      hidden = block_end(layer.feed_forward_norm, hidden);
    }
    return normalized(final_norm_, hidden);
  }

  bool normalizes_input() const { return spec_.norm_placement == EncoderSpec::NormPlacement::Pre; }

  at::Tensor block_input(const Norm& norm, const at::Tensor& hidden) const {
    return (normalizes_input() ? normalized(norm, hidden) : hidden).to(options_);
  }

  at::Tensor block_end(const Norm& norm, const at::Tensor& hidden) const {
    return normalizes_input() ? hidden : normalized(norm, hidden);
  }

  at::Tensor feed_forward(const Layer& layer, const at::Tensor& operand) const {
    const at::Tensor wide = layer.intermediate.apply(operand);
    if (!spec_.is_gated) return layer.output.apply(activated(spec_.activation, wide));
    const std::vector<at::Tensor> halves = wide.chunk(2, -1);
    return layer.output.apply(activated(spec_.activation, halves[0]) * halves[1]);
  }

  at::Tensor normalized(const Norm& norm, const at::Tensor& rows) const {
    return norm.apply(rows, spec_.norm_epsilon);
  }

  const EncoderSpec spec_;
  const at::TensorOptions options_;
  at::Tensor words_;
  at::Tensor positions_;  ///< undefined for models without a table
  Norm embedding_norm_;
  Norm final_norm_;
  DeviceTables tables_;
  std::vector<Layer> layers_;
};

}  // namespace

}  // namespace jammi::nn::torch

const jammi::nn::torch::Model* jammi_make_torch_model(const jammi::nn::torch::ModelSource& source) {
  return jammi::nn::torch::at_door([&] {
    const c10::InferenceMode without_gradients;
    return new jammi::nn::torch::TorchModel(source);
  });
}

int64_t jammi_count_cuda_devices() {
  return jammi::nn::torch::at_door([] { return int64_t{::torch::cuda::device_count()}; });
}
