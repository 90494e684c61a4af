#include "nn/cpu/encoder.h"

#include <algorithm>
#include <utility>

#include <jammi/error.h>

#include "nn/batch.h"
#include "nn/cpu/aligned_buffer.h"
#include "nn/cpu/layers.h"
#include "nn/cpu/onednn_layers.h"
#include "nn/cpu/panel_layers.h"
#include "nn/weights.h"

namespace jammi::nn::cpu {
namespace {

void check_spec(const EncoderSpec& spec, const WeightNames& names) {
  const bool has_sizes = spec.vocab_size > 0 && spec.hidden_size > 0 && spec.num_heads > 0 &&
                         spec.intermediate_size > 0 && spec.position_offset >= 0 && spec.max_tokens() > 0 &&
                         spec.type_vocab_size >= 0;
  if (!has_sizes || spec.hidden_size % spec.num_heads != 0) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Model,
                "Encoder sizes do not fit together: hidden_size " + std::to_string(spec.hidden_size) +
                    ", num_heads " + std::to_string(spec.num_heads) + ", max_positions " +
                    std::to_string(spec.max_positions));
  }
  if (std::cmp_not_equal(names.layers.size(), spec.num_layers)) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Model,
                "Encoder layers without names: " + std::to_string(spec.num_layers) + " layers, " +
                    std::to_string(names.layers.size()) + " names");
  }
}

NormWeights read_norm(const TensorSource& source, const NormNames& names, int64_t size) {
  return {.weight = read_weight(source, names.weight, {size}),
          .bias = read_weight(source, names.bias, {size})};
}

/// Reads linear layers over the same input and stacks their outputs.
LinearWeights read_linear(const TensorSource& source, std::initializer_list<const LinearNames*> stacked,
                          int64_t in_features, int64_t out_features) {
  LinearWeights linear;
  linear.in_features = static_cast<size_t>(in_features);
  linear.out_features = static_cast<size_t>(out_features) * stacked.size();
  for (const LinearNames* names : stacked) {
    linear.weight.append_range(read_weight(source, names->weight, {out_features, in_features}));
    linear.bias.append_range(read_weight(source, names->bias, {out_features}));
  }
  return linear;
}

LayerWeights read_layer(const TensorSource& source, const LayerNames& names, const EncoderSpec& spec) {
  const int64_t hidden = spec.hidden_size;
  return {
      .qkv = read_linear(source, {&names.query, &names.key, &names.value}, hidden, hidden),
      .attention_output = read_linear(source, {&names.attention_output}, hidden, hidden),
      .attention_norm = read_norm(source, names.attention_norm, hidden),
      .intermediate = read_linear(source, {&names.intermediate}, hidden, spec.intermediate_size),
      .output = read_linear(source, {&names.output}, spec.intermediate_size, hidden),
      .output_norm = read_norm(source, names.output_norm, hidden),
  };
}

/// The tables that turn token ids into the first hidden states.
class Embeddings {
 public:
  Embeddings(const EncoderSpec& spec, const WeightNames& names, const TensorSource& source)
      : width_(static_cast<size_t>(spec.hidden_size)),
        words_(read_weight(source, names.word_embeddings, {spec.vocab_size, spec.hidden_size})),
        positions_(read_weight(source, names.position_embeddings, {spec.max_positions, spec.hidden_size})),
        norm_(read_norm(source, names.embedding_norm, spec.hidden_size)) {
    positions_.erase(positions_.begin(), positions_.begin() + spec.position_offset * spec.hidden_size);
    if (spec.type_vocab_size == 0) return;
    const std::vector<float> types =
        read_weight(source, names.token_type_embeddings, {spec.type_vocab_size, spec.hidden_size});
    for (size_t i = 0; i < positions_.size(); ++i) positions_[i] += types[i % width_];
  }

  const NormWeights& norm() const { return norm_; }
  size_t bytes() const { return (words_.size() + positions_.size()) * sizeof(float); }

  void look_up(const PackedBatchView& batch, float* hidden) const {
    for (size_t i = 0; i < batch.num_sequences(); ++i) {
      const float* position = positions_.data();
      for (int32_t token = batch.offsets[i]; token < batch.offsets[i + 1]; ++token) {
        const float* word = words_.data() + static_cast<size_t>(batch.token_ids[token]) * width_;
        for (size_t j = 0; j < width_; ++j) hidden[j] = word[j] + position[j];
        hidden += width_;
        position += width_;
      }
    }
  }

 private:
  size_t width_;
  std::vector<float> words_;
  std::vector<float>
      positions_;  ///< row 0 belongs to the first token; the embedding of token type 0 is added
  NormWeights norm_;
};

class CpuWorker final : public EncoderWorker {
 public:
  CpuWorker(const EncoderSpec& spec, const Embeddings& embeddings, const Kernels& kernels,
            std::unique_ptr<LayerRunner> layers)
      : spec_(spec), embeddings_(embeddings), kernels_(kernels), layers_(std::move(layers)) {}

  void encode(const PackedBatchView& batch, Pooling pooling, bool normalize, std::span<float> out) override {
    check_batch(spec_, batch);
    check_output(out, batch.num_sequences() * width());
    if (batch.num_sequences() == 0) return;
    const float* hidden = run(batch);
    pool(batch, {hidden, batch.num_tokens() * width()}, width(), pooling, out);
    if (normalize) normalize_rows(out, width());
  }

  void hidden_states(const PackedBatchView& batch, std::span<float> out) override {
    check_batch(spec_, batch);
    check_output(out, batch.num_tokens() * width());
    if (batch.num_sequences() == 0) return;
    std::copy_n(run(batch), out.size(), out.data());
  }

 private:
  size_t width() const { return static_cast<size_t>(spec_.hidden_size); }

  const float* run(const PackedBatchView& batch) {
    float* hidden = hidden_.grow(batch.num_tokens() * width());
    embeddings_.look_up(batch, hidden);
    kernels_.normalize({.num_rows = batch.num_tokens(),
                        .width = width(),
                        .rows = hidden,
                        .weight = embeddings_.norm().weight.data(),
                        .bias = embeddings_.norm().bias.data(),
                        .epsilon = spec_.norm_epsilon});
    layers_->run(batch, hidden);
    return hidden;
  }

  const EncoderSpec& spec_;
  const Embeddings& embeddings_;
  const Kernels& kernels_;
  std::unique_ptr<LayerRunner> layers_;
  AlignedBuffer<float> hidden_;
};

class CpuEncoder final : public Encoder {
 public:
  CpuEncoder(const EncoderSpec& spec, const WeightNames& names, const TensorSource& source,
             Precision precision, const Options& options)
      : spec_(spec),
        precision_(precision),
        kernels_(kernels_for(options.isa)),
        embeddings_(spec, names, source) {
    const ReadLayer read = [&](size_t index) { return read_layer(source, names.layers[index], spec); };
    layers_ = options.uses_onednn ? make_onednn_layers(spec, read, precision, kernels_)
                                  : make_panel_layers(spec, read, precision, kernels_);
  }

  const EncoderSpec& spec() const noexcept override { return spec_; }
  Precision precision() const noexcept override { return precision_; }
  size_t weight_bytes() const noexcept override { return embeddings_.bytes() + layers_->weight_bytes(); }
  std::string kernel_name() const override { return layers_->kernel_name(); }
  std::unique_ptr<EncoderWorker> make_worker() const override {
    return std::make_unique<CpuWorker>(spec_, embeddings_, kernels_, layers_->make_runner());
  }

 private:
  EncoderSpec spec_;
  Precision precision_;
  const Kernels& kernels_;
  Embeddings embeddings_;
  std::unique_ptr<const LayerStack> layers_;
};

}  // namespace

Options fastest_options(Precision precision) noexcept {
  return {.isa = best_isa(), .uses_onednn = precision == Precision::Bf16 && has_bf16_products()};
}

std::shared_ptr<const Encoder> load_encoder(const EncoderSpec& spec, const WeightNames& names,
                                            const TensorSource& weights, Precision precision,
                                            const Options& options) {
  check_spec(spec, names);
  return std::make_shared<CpuEncoder>(spec, names, weights, precision, options);
}

}  // namespace jammi::nn::cpu
