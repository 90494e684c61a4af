#include "nn/torch/model.h"

#include <functional>
#include <optional>
#include <span>
#include <utility>
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
    case Precision::Int8:
      break;  // refused before the plugin is loaded
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

/// The tables that turn token ids into the first hidden states, f32.
struct Embeddings {
  at::Tensor words;
  at::Tensor positions;  ///< undefined for models without a table
  Norm norm;

  Embeddings(at::Tensor word_table, const cpu::Embeddings& tables, const EncoderSpec& spec,
             const at::TensorOptions& options)
      : words(std::move(word_table)), norm(tables.norm(), options) {
    if (tables.positions().empty()) return;
    positions =
        to_device(tables.positions(), {spec.max_positions, spec.hidden_size}, options.dtype(at::kFloat));
  }

  size_t position_bytes() const { return positions.defined() ? positions.nbytes() : 0; }
};

/// What turns pixels into the first hidden states; all f32 but the product with `projection`.
struct PatchEmbeddings {
  Linear projection;
  at::Tensor class_embedding;
  at::Tensor positions;
  Norm norm;

  PatchEmbeddings(const cpu::PatchEmbeddings& tables, const cpu::LinearWeights& weights,
                  const EncoderSpec& spec, const at::TensorOptions& options)
      : projection(weights, options),
        class_embedding(
            to_device(tables.class_embedding(), {1, 1, spec.hidden_size}, options.dtype(at::kFloat))),
        positions(to_device(tables.positions(), {spec.tokens_per_image(), spec.hidden_size},
                            options.dtype(at::kFloat))),
        norm(tables.norm(), options) {}

  size_t bytes() const { return projection.bytes() + class_embedding.nbytes() + positions.nbytes(); }
};

struct CrossAttention {
  Linear query;
  Linear key_value;
  Linear output;
  Norm norm;

  CrossAttention(const cpu::CrossAttentionWeights& weights, const at::TensorOptions& options)
      : query(weights.query, options),
        key_value(weights.key_value, options),
        output(weights.output, options),
        norm(weights.norm, options) {}

  size_t bytes() const { return query.bytes() + key_value.bytes() + output.bytes(); }
};

struct Layer {
  Linear qkv;
  Linear attention_output;
  Norm attention_norm;
  Linear intermediate;
  Linear output;
  Norm feed_forward_norm;
  std::optional<CrossAttention> cross_attention;

  Layer(const cpu::LayerWeights& weights, const at::TensorOptions& options)
      : qkv(weights.qkv, options),
        attention_output(weights.attention_output, options),
        attention_norm(weights.attention_norm, options),
        intermediate(weights.intermediate, options),
        output(weights.output, options),
        feed_forward_norm(weights.feed_forward_norm, options) {
    if (weights.cross_attention) cross_attention.emplace(*weights.cross_attention, options);
  }

  size_t bytes() const {
    return qkv.bytes() + attention_output.bytes() + intermediate.bytes() + output.bytes() +
           (cross_attention ? cross_attention->bytes() : 0);
  }
};

/// EncoderSpec::decoder.
struct Decoder {
  Embeddings embeddings;
  std::vector<Layer> layers;
};

/// The residual stream is f32, as are norms and embeddings; linear layers and attention work on `options_`'s
/// type.
class TorchModel final : public Model {
 public:
  explicit TorchModel(const ModelSource& source)
      : spec_(source.spec),
        options_(at::TensorOptions(device_of(source.device)).dtype(element_of(source.precision))),
        final_norm_(source.final_norm, options_),
        tables_(source.tables, spec_, options_),
        layers_(make_layers(spec_.num_layers, source.read_layer)) {
    if (spec_.reads_images()) {
      patches_.emplace(*source.patch_embeddings, *source.patch_projection, spec_, options_);
      return;
    }
    const int64_t shape[] = {spec_.vocab_size, spec_.hidden_size};
    const at::Tensor words = to_device(source.embeddings->words(), shape, options_.dtype(at::kFloat));
    embeddings_.emplace(words, *source.embeddings, spec_, options_);
    if (!spec_.decoder) return;
    decoder_.emplace(Embeddings(words, *source.decoder_embeddings, spec_, options_),
                     make_layers(spec_.decoder->num_layers, source.read_decoder_layer));
  }

  size_t weight_bytes() const noexcept override {
    size_t bytes = patches_ ? patches_->bytes() : embeddings_->words.nbytes() + embeddings_->position_bytes();
    for (const Layer& layer : layers_) bytes += layer.bytes();
    if (!decoder_) return bytes;
    for (const Layer& layer : decoder_->layers) bytes += layer.bytes();
    return bytes + decoder_->embeddings.position_bytes();
  }

  void hidden_states(const PackedBatchView& batch, const BatchPlan& plan,
                     std::span<float> out) const override {
    compute(out, [&] { return run(batch, plan); });
  }

  void encode(const PackedBatchView& batch, const BatchPlan& plan, Pooling pooling,
              std::span<float> out) const override {
    compute(out, [&] { return pool(run(batch, plan), batch.offsets, plan, pooling); });
  }

  void encode_images(std::span<const float> pixels, std::span<const int32_t> offsets, const BatchPlan& plan,
                     Pooling pooling, std::span<float> out) const override {
    compute(out, [&] {
      const BatchAttention attention(spec_, tables_, plan, device());
      const at::Tensor hidden = run_layers(attention, embed_images(pixels));
      if (!spec_.pools_before_final_norm) {
        return pool(normalized(final_norm_, hidden), offsets, plan, pooling);
      }
      return normalized(final_norm_, pool(hidden, offsets, plan, pooling));
    });
  }

 private:
  std::vector<Layer> make_layers(int64_t num_layers,
                                 const std::function<cpu::LayerWeights(size_t layer)>& read_layer) const {
    std::vector<Layer> layers;
    for (int64_t i = 0; i < num_layers; ++i)
      layers.emplace_back(read_layer(static_cast<size_t>(i)), options_);
    return layers;
  }

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
    const BatchAttention attention(spec_, tables_, plan, device());
    at::Tensor hidden = run_layers(attention, look_up(*embeddings_, batch.token_ids, plan.position_ids));
    hidden = normalized(final_norm_, hidden);
    if (!decoder_) return hidden;
    const at::Tensor encoded = hidden.to(options_);
    hidden = look_up(decoder_->embeddings, plan.decoder_ids, plan.decoder_position_ids);
    for (const Layer& layer : decoder_->layers) {
      hidden = run_layer(layer, attention, DecoderSpec::kSelfAttention, hidden, encoded);
    }
    return hidden;
  }

  at::Tensor run_layers(const BatchAttention& attention, at::Tensor hidden) const {
    for (size_t i = 0; i < layers_.size(); ++i) {
      hidden = run_layer(layers_[i], attention, spec_.attention_of(i), hidden, {});
    }
    return hidden;
  }

  at::Tensor pool(const at::Tensor& hidden, std::span<const int32_t> offsets, const BatchPlan& plan,
                  Pooling pooling) const {
    if (!plan.pooled_tokens.empty()) return hidden.index_select(0, indices(plan.pooled_tokens));
    if (pooling == Pooling::MeanOfPatches) {
      const int64_t num_tokens = spec_.tokens_per_image();
      return hidden.view({-1, num_tokens, spec_.hidden_size}).narrow(1, 1, num_tokens - 1).mean(1);
    }
    return at::segment_reduce(hidden, pooling == Pooling::Mean ? "mean" : "max", {}, {}, indices(offsets),
                              /*axis=*/0, /*unsafe=*/true);
  }

  /// The hidden states of images, [num_images * tokens_per_image, hidden_size].
  at::Tensor embed_images(std::span<const float> pixels) const {
    const int64_t size = spec_.image_size, patch = spec_.patch_size, side = spec_.patches_per_side();
    const auto num_images = static_cast<int64_t>(pixels.size()) / spec_.values_per_image();
    const int64_t shape[] = {num_images, 3, size, size};
    const at::Tensor patches = to_device(pixels, shape, options_)
                                   .narrow(2, 0, side * patch)
                                   .narrow(3, 0, side * patch)
                                   .reshape({num_images, 3, side, patch, side, patch})
                                   .permute({0, 2, 4, 1, 3, 5})
                                   .reshape({num_images, side * side, 3 * patch * patch});
    const at::Tensor projected = patches_->projection.apply(patches).to(at::kFloat);
    const at::Tensor tokens = at::cat({patches_->class_embedding.expand({num_images, 1, -1}), projected}, 1);
    const at::Tensor hidden = (tokens + patches_->positions).view({-1, spec_.hidden_size});
    return normalized(patches_->norm, hidden);
  }

  at::Tensor look_up(const Embeddings& embeddings, std::span<const int32_t> token_ids,
                     std::span<const int32_t> position_ids) const {
    at::Tensor hidden = embeddings.words.index_select(0, indices(token_ids));
    if (embeddings.positions.defined()) {
      hidden.add_(embeddings.positions.index_select(0, indices(position_ids)));
    }
    return normalized(embeddings.norm, hidden);
  }

  /// The residual stream behind `layer`; its memory may be that of `hidden`. `encoded` is what a decoder's
  /// layer attends to.
  at::Tensor run_layer(const Layer& layer, const BatchAttention& attention, const AttentionSpec& kind,
                       at::Tensor hidden, const at::Tensor& encoded) const {
    const at::Tensor qkv = layer.qkv.apply(block_input(layer.attention_norm, hidden));
    hidden.add_(layer.attention_output.apply(attention.attend(qkv, kind)));
    hidden = block_end(layer.attention_norm, hidden);
    if (layer.cross_attention) {
      const CrossAttention& cross = *layer.cross_attention;
      const at::Tensor queries = cross.query.apply(block_input(cross.norm, hidden));
      const at::Tensor stacked = at::cat({queries, cross.key_value.apply(encoded)}, -1);
      hidden.add_(cross.output.apply(attention.attend(stacked, DecoderSpec::kCrossAttention)));
      hidden = block_end(cross.norm, hidden);
    }
    hidden.add_(feed_forward(layer, block_input(layer.feed_forward_norm, hidden)));
    return block_end(layer.feed_forward_norm, hidden);
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
  Norm final_norm_;
  DeviceTables tables_;
  std::vector<Layer> layers_;
  std::optional<Embeddings> embeddings_;    ///< of an encoder of token ids
  std::optional<PatchEmbeddings> patches_;  ///< of an encoder of images
  std::optional<Decoder> decoder_;
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
