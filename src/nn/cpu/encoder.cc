#include "nn/cpu/encoder.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <jammi/error.h>

#include "nn/batch.h"
#include "nn/cpu/aligned_buffer.h"
#include "nn/cpu/attention_tables.h"
#include "nn/cpu/embeddings.h"
#include "nn/cpu/layer_reader.h"
#include "nn/cpu/onednn_layers.h"
#include "nn/cpu/panel_layers.h"
#include "nn/cpu/patch_embeddings.h"

namespace jammi::nn::cpu {
namespace {

/// Where hidden states begin: with the embeddings of token ids or of patches.
using Input = std::variant<Embeddings, PatchEmbeddings>;

Input read_input(const EncoderSpec& spec, const WeightNames& names, const TensorSource& source) {
  if (spec.reads_images()) return PatchEmbeddings(spec, names, source);
  return Embeddings(spec, names, source);
}

/// The layers of EncoderSpec::decoder and what they begin with.
struct Decoder {
  Embeddings embeddings;
  std::unique_ptr<const LayerStack> layers;

  size_t bytes() const { return embeddings.positions().size_bytes() + layers->weight_bytes(); }
};

EncoderSpec spec_of_decoder(EncoderSpec spec) {
  spec.num_layers = spec.decoder->num_layers;
  spec.attention = {DecoderSpec::kSelfAttention};
  spec.decoder.reset();
  return spec;
}

class CpuWorker final : public EncoderWorker {
 public:
  CpuWorker(const EncoderSpec& spec, const Input& input, const NormWeights& final_norm,
            const Kernels& kernels, std::unique_ptr<LayerRunner> layers,
            const std::optional<Decoder>& decoder)
      : spec_(spec),
        input_(input),
        final_norm_(final_norm),
        kernels_(kernels),
        layers_(std::move(layers)),
        decoder_(decoder),
        decoder_layers_(decoder ? decoder->layers->make_runner() : nullptr) {}

  void encode(const PackedBatchView& batch, Pooling pooling, bool normalize, std::span<float> out) override {
    check_batch(spec_, batch);
    check_output(out, batch.num_sequences() * width());
    if (batch.num_sequences() == 0) return;
    embed(batch);
    finish(batch, pooling, normalize, out);
  }

  void encode_images(std::span<const float> pixels, Pooling pooling, bool normalize,
                     std::span<float> out) override {
    const size_t num_images = check_images(spec_, pixels);
    check_output(out, num_images * width());
    if (num_images == 0) return;
    embed_images(pixels, num_images);
    std::vector<int32_t> offsets{0};
    for (size_t i = 0; i < num_images; ++i) {
      offsets.push_back(offsets.back() + static_cast<int32_t>(spec_.tokens_per_image()));
    }
    finish({.token_ids = {}, .offsets = offsets}, pooling, normalize, out);
  }

  void hidden_states(const PackedBatchView& batch, std::span<float> out) override {
    check_batch(spec_, batch);
    check_output(out, batch.num_tokens() * width());
    if (batch.num_sequences() == 0) return;
    embed(batch);
    std::copy_n(run(batch, {}), out.size(), out.data());
  }

 private:
  size_t width() const { return static_cast<size_t>(spec_.hidden_size); }

  /// Writes the hidden states of token ids, before the first layer, to `hidden_`.
  void embed(const PackedBatchView& batch) {
    look_up(std::get<Embeddings>(input_), batch, hidden_.grow(batch.num_tokens() * width()));
  }

  void look_up(const Embeddings& embeddings, const PackedBatchView& batch, float* hidden) {
    embeddings.look_up(batch, hidden);
    normalize(embeddings.norm(), batch.num_tokens(), hidden);
  }

  /// The same for images.
  void embed_images(std::span<const float> pixels, size_t num_images) {
    const PatchEmbeddings& embeddings = std::get<PatchEmbeddings>(input_);
    const size_t num_patches = embeddings.patches_per_image();
    const size_t num_tokens = num_patches + 1;
    float* patches = patches_.grow(num_images * num_patches * embeddings.values_per_patch());
    float* projected = projected_.grow(num_images * num_patches * width());
    float* hidden = hidden_.grow(num_images * num_tokens * width());
    const size_t image_size = pixels.size() / num_images;
    for (size_t i = 0; i < num_images; ++i) {
      embeddings.cut(pixels.subspan(i * image_size, image_size),
                     patches + i * num_patches * embeddings.values_per_patch());
    }
    layers_->project(num_images * num_patches, patches, projected);
    for (size_t i = 0; i < num_images; ++i) {
      embeddings.place(projected + i * num_patches * width(), hidden + i * num_tokens * width());
    }
    normalize(embeddings.norm(), num_images * num_tokens, hidden);
  }

  /// Sends `hidden_` through the layers, and those of the decoder. Returns the last hidden states, of all
  /// tokens or of those `wanted`.
  const float* run(const PackedBatchView& batch, std::span<const int32_t> wanted) {
    const bool encodes_all = wanted.empty() || decoder_;
    layers_->run(batch.offsets, hidden_.data(), nullptr, encodes_all ? std::span<const int32_t>() : wanted);
    const size_t num_rows = encodes_all ? static_cast<size_t>(batch.offsets.back()) : wanted.size();
    if (!spec_.pools_before_final_norm) normalize(final_norm_, num_rows, hidden_.data());
    return decoder_ ? decode(batch, wanted) : hidden_.data();
  }

  /// The decoder's states of a batch whose encoded states are in `hidden_`.
  const float* decode(const PackedBatchView& batch, std::span<const int32_t> wanted) {
    const std::vector<int32_t> ids = shift_right(batch, spec_.decoder->start_id);
    float* decoded = decoded_.grow(batch.num_tokens() * width());
    look_up(decoder_->embeddings, {.token_ids = ids, .offsets = batch.offsets}, decoded);
    decoder_layers_->run(batch.offsets, decoded, hidden_.data(), wanted);
    return decoded;
  }

  /// Sends `hidden_` through the layers and pools it.
  void finish(const PackedBatchView& batch, Pooling pooling, bool is_normalized, std::span<float> out) {
    const std::vector<int32_t> wanted = pooled_tokens(batch, pooling);
    const float* states = run(batch, wanted);
    if (wanted.empty()) {
      pool(batch, {states, static_cast<size_t>(batch.offsets.back()) * width()}, width(), pooling, out);
    } else {
      std::copy_n(states, out.size(), out.data());
    }
    if (spec_.pools_before_final_norm) normalize(final_norm_, batch.num_sequences(), out.data());
    if (is_normalized) normalize_rows(out, width());
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
  const Input& input_;
  const NormWeights& final_norm_;
  const Kernels& kernels_;
  std::unique_ptr<LayerRunner> layers_;
  const std::optional<Decoder>& decoder_;
  std::unique_ptr<LayerRunner> decoder_layers_;  // null without a decoder
  AlignedBuffer<float> hidden_;
  AlignedBuffer<float> patches_;
  AlignedBuffer<float> projected_;
  AlignedBuffer<float> decoded_;
};

class CpuEncoder final : public Encoder {
 public:
  CpuEncoder(const EncoderSpec& spec, const WeightNames& names, const TensorSource& source,
             Precision precision, const Options& options)
      : spec_(spec),
        precision_(precision),
        kernels_(kernels_for(options.isa)),
        input_(read_input(spec, names, source)),
        tables_(make_attention_tables(spec, read_relative_bias(source, names, spec))),
        final_norm_(read_norm(source, names.final_norm, spec.hidden_size)) {
    std::optional<LinearWeights> projection;
    if (spec.reads_images()) projection = read_patch_embedding(source, names, spec);
    layers_ = make_layers(spec, names.layers, source, projection ? &*projection : nullptr, options);
    if (!spec.decoder) return;
    decoder_.emplace(Embeddings(std::get<Embeddings>(input_), spec, names, source),
                     make_layers(spec_of_decoder(spec), names.decoder_layers, source, nullptr, options));
  }

  const EncoderSpec& spec() const noexcept override { return spec_; }
  Precision precision() const noexcept override { return precision_; }
  size_t weight_bytes() const noexcept override {
    return std::visit([](const auto& input) { return input.bytes(); }, input_) + layers_->weight_bytes() +
           (decoder_ ? decoder_->bytes() : 0);
  }
  size_t tokens_per_batch() const noexcept override { return nn::tokens_per_batch({}); }
  std::string kernel_name() const override { return layers_->kernel_name(); }
  std::unique_ptr<EncoderWorker> make_worker() const override {
    return std::make_unique<CpuWorker>(spec_, input_, final_norm_, kernels_, layers_->make_runner(),
                                       decoder_);
  }

 private:
  std::unique_ptr<const LayerStack> make_layers(const EncoderSpec& spec, const std::vector<LayerNames>& names,
                                                const TensorSource& source, const LinearWeights* input,
                                                const Options& options) const {
    const StackSource stack{.spec = spec, .tables = tables_, .input = input, .read_layer = [&](size_t layer) {
                              return read_layer(source, names[layer], spec);
                            }};
    return options.uses_onednn ? make_onednn_layers(stack, precision_, kernels_)
                               : make_panel_layers(stack, precision_, kernels_);
  }

  EncoderSpec spec_;
  Precision precision_;
  const Kernels& kernels_;
  Input input_;
  AttentionTables tables_;
  NormWeights final_norm_;
  std::unique_ptr<const LayerStack> layers_;
  std::optional<Decoder> decoder_;
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
                "precision f16 needs a GPU; the CPU computes in f32, bf16 or int8");
  }
  if (precision == Precision::Int8 && options.uses_onednn) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Model,
                "precision int8 is not computed through oneDNN");
  }
  check_spec(spec, names);
  return std::make_shared<CpuEncoder>(spec, names, weights, precision, options);
}

}  // namespace jammi::nn::cpu
