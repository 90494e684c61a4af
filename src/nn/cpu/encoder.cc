#include "nn/cpu/encoder.h"

#include <algorithm>
#include <utility>

#include <jammi/error.h>

#include "nn/batch.h"
#include "nn/cpu/aligned_buffer.h"
#include "nn/cpu/attention_tables.h"
#include "nn/cpu/embeddings.h"
#include "nn/cpu/layer_reader.h"
#include "nn/cpu/onednn_layers.h"
#include "nn/cpu/panel_layers.h"

namespace jammi::nn::cpu {
namespace {

class CpuWorker final : public EncoderWorker {
 public:
  CpuWorker(const EncoderSpec& spec, const Embeddings& embeddings, const NormWeights& final_norm,
            const Kernels& kernels, std::unique_ptr<LayerRunner> layers)
      : spec_(spec),
        embeddings_(embeddings),
        final_norm_(final_norm),
        kernels_(kernels),
        layers_(std::move(layers)) {}

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
    normalize(embeddings_.norm(), batch.num_tokens(), hidden);
    layers_->run(batch, hidden);
    normalize(final_norm_, batch.num_tokens(), hidden);
    return hidden;
  }

  void normalize(const NormWeights& norm, size_t num_rows, float* rows) {
    if (norm.is_identity()) return;
    kernels_.normalize({.num_rows = num_rows,
                        .width = width(),
                        .source = rows,
                        .target = rows,
                        .weight = norm.weight.data(),
                        .bias = norm.bias.data(),
                        .epsilon = spec_.norm_epsilon});
  }

  const EncoderSpec& spec_;
  const Embeddings& embeddings_;
  const NormWeights& final_norm_;
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
        embeddings_(spec, names, source),
        tables_(make_attention_tables(spec, read_relative_bias(source, names, spec))),
        final_norm_(read_norm(source, names.final_norm, spec.hidden_size)) {
    const StackSource stack{.spec = spec, .tables = tables_, .read_layer = [&](size_t layer) {
                              return read_layer(source, names.layers[layer], spec);
                            }};
    layers_ = options.uses_onednn ? make_onednn_layers(stack, precision, kernels_)
                                  : make_panel_layers(stack, precision, kernels_);
  }

  const EncoderSpec& spec() const noexcept override { return spec_; }
  Precision precision() const noexcept override { return precision_; }
  size_t weight_bytes() const noexcept override { return embeddings_.bytes() + layers_->weight_bytes(); }
  std::string kernel_name() const override { return layers_->kernel_name(); }
  std::unique_ptr<EncoderWorker> make_worker() const override {
    return std::make_unique<CpuWorker>(spec_, embeddings_, final_norm_, kernels_, layers_->make_runner());
  }

 private:
  EncoderSpec spec_;
  Precision precision_;
  const Kernels& kernels_;
  Embeddings embeddings_;
  AttentionTables tables_;
  NormWeights final_norm_;
  std::unique_ptr<const LayerStack> layers_;
};

}  // namespace

Options fastest_options(Precision precision) noexcept {
  return {.isa = best_isa(), .uses_onednn = precision == Precision::Bf16 && has_bf16_products()};
}

std::shared_ptr<const Encoder> load_encoder(const EncoderSpec& spec, const WeightNames& names,
                                            const TensorSource& weights, Precision precision,
                                            const Options& options) {
  if (precision == Precision::F16) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Model,
                "precision f16 needs a GPU; the CPU computes in f32 or bf16");
  }
  check_spec(spec, names);
  return std::make_shared<CpuEncoder>(spec, names, weights, precision, options);
}

}  // namespace jammi::nn::cpu
