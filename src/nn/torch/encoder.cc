#include "nn/torch/encoder.h"

#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <jammi/error.h>

#include "nn/batch.h"
#include "nn/cpu/layer_reader.h"
#include "nn/torch/plugin.h"

namespace jammi::nn::torch {
namespace {

class TorchWorker final : public EncoderWorker {
 public:
  TorchWorker(const EncoderSpec& spec, const Model& model) : spec_(spec), model_(model) {}

  void encode(const PackedBatchView& batch, Pooling pooling, bool normalize, std::span<float> out) override {
    check_batch(spec_, batch);
    check_output(out, batch.num_sequences() * width());
    if (batch.num_sequences() == 0) return;
    model_.encode(batch, plan_batch(spec_, batch, pooling), pooling, out);
    if (normalize) normalize_rows(out, width());
  }

  void encode_images(std::span<const float> pixels, Pooling pooling, bool normalize,
                     std::span<float> out) override {
    const size_t num_images = check_images(spec_, pixels);
    check_output(out, num_images * width());
    if (num_images == 0) return;
    std::vector<int32_t> offsets{0};
    for (size_t i = 0; i < num_images; ++i) {
      offsets.push_back(offsets.back() + static_cast<int32_t>(spec_.tokens_per_image()));
    }
    const BatchPlan plan = plan_batch(spec_, {.token_ids = {}, .offsets = offsets}, pooling);
    model_.encode_images(pixels, offsets, plan, pooling, out);
    if (normalize) normalize_rows(out, width());
  }

  void hidden_states(const PackedBatchView& batch, std::span<float> out) override {
    check_batch(spec_, batch);
    check_output(out, batch.num_tokens() * width());
    if (batch.num_sequences() == 0) return;
    model_.hidden_states(batch, plan_batch(spec_, batch, std::nullopt), out);
  }

 private:
  size_t width() const { return static_cast<size_t>(spec_.hidden_size); }

  const EncoderSpec& spec_;
  const Model& model_;
};

class TorchEncoder final : public Encoder {
 public:
  TorchEncoder(const EncoderSpec& spec, Precision precision, const Device& device,
               std::unique_ptr<const Model> model)
      : spec_(spec), precision_(precision), device_(device), model_(std::move(model)) {}

  const EncoderSpec& spec() const noexcept override { return spec_; }
  Precision precision() const noexcept override { return precision_; }
  size_t weight_bytes() const noexcept override { return model_->weight_bytes(); }
  size_t tokens_per_batch() const noexcept override { return nn::tokens_per_batch(device_); }
  std::string kernel_name() const override { return to_string(device_); }
  std::unique_ptr<EncoderWorker> make_worker() const override {
    return std::make_unique<TorchWorker>(spec_, *model_);
  }

 private:
  EncoderSpec spec_;
  Precision precision_;
  Device device_;
  std::unique_ptr<const Model> model_;
};

/// What hidden states begin with, as the host reads it.
struct Input {
  std::optional<cpu::Embeddings> embeddings;
  std::optional<cpu::Embeddings> decoder_embeddings;
  std::optional<cpu::PatchEmbeddings> patch_embeddings;
  std::optional<cpu::LinearWeights> patch_projection;

  Input(const EncoderSpec& spec, const WeightNames& names, const TensorSource& weights) {
    if (spec.reads_images()) {
      patch_embeddings.emplace(spec, names, weights);
      patch_projection = cpu::read_patch_embedding(weights, names, spec);
      return;
    }
    embeddings.emplace(spec, names, weights);
    if (spec.decoder) decoder_embeddings.emplace(*embeddings, spec, names, weights);
  }
};

template <typename Value>
const Value* pointer_to(const std::optional<Value>& value) {
  return value ? &*value : nullptr;
}

}  // namespace

const base::SharedLibrary& plugin() {
  static const base::SharedLibrary library("libjammi_torch.so");
  return library;
}

std::shared_ptr<const Encoder> load_encoder(const EncoderSpec& spec, const WeightNames& names,
                                            const TensorSource& weights, Precision precision,
                                            const Device& device) {
  if (precision == Precision::Int8) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Gpu,
                "precision int8 is computed on the CPU only, not on " + to_string(device) +
                    "; set gpu.device = -1, or the precision f32, bf16 or f16");
  }
  if (device.kind == Device::Kind::Cuda) {
    const std::string problem = cuda_status(device.index).problem;
    if (!problem.empty()) throw Error(ErrorCode::Unsupported, ErrorCategory::Gpu, problem);
  }
  check_spec(spec, names);
  const Input input(spec, names, weights);
  const cpu::AttentionTables tables =
      cpu::make_attention_tables(spec, cpu::read_relative_bias(weights, names, spec));
  const cpu::NormWeights final_norm = cpu::read_norm(weights, names.final_norm, spec.hidden_size);
  const auto make = plugin().function<decltype(jammi_make_torch_model)>("jammi_make_torch_model");
  const ModelSource source{
      .spec = spec,
      .precision = precision,
      .device = device,
      .tables = tables,
      .final_norm = final_norm,
      .read_layer = [&](size_t layer) { return cpu::read_layer(weights, names.layers[layer], spec); },
      .read_decoder_layer =
          [&](size_t layer) { return cpu::read_layer(weights, names.decoder_layers[layer], spec); },
      .embeddings = pointer_to(input.embeddings),
      .decoder_embeddings = pointer_to(input.decoder_embeddings),
      .patch_embeddings = pointer_to(input.patch_embeddings),
      .patch_projection = pointer_to(input.patch_projection)};
  try {
    std::unique_ptr<const Model> model(make(source));
    return std::make_shared<TorchEncoder>(spec, precision, device, std::move(model));
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::ResourceExhausted, ErrorCategory::Gpu,
                "the model's weights do not fit into the memory of the device: " + to_string(device));
  }
}

}  // namespace jammi::nn::torch
