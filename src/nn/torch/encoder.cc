#include "nn/torch/encoder.h"

#include <new>
#include <optional>
#include <string>
#include <utility>

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

}  // namespace

const base::SharedLibrary& plugin() {
  static const base::SharedLibrary library("libjammi_torch.so");
  return library;
}

std::shared_ptr<const Encoder> load_encoder(const EncoderSpec& spec, const WeightNames& names,
                                            const TensorSource& weights, Precision precision,
                                            const Device& device) {
  if (spec.reads_images()) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Gpu,
                "images are encoded on the CPU only, not on " + to_string(device));
  }
  if (device.kind == Device::Kind::Cuda) {
    const std::string problem = cuda_status(device.index).problem;
    if (!problem.empty()) throw Error(ErrorCode::Unsupported, ErrorCategory::Gpu, problem);
  }
  check_spec(spec, names);
  const cpu::Embeddings embeddings(spec, names, weights);
  std::optional<cpu::Embeddings> decoder_embeddings;
  if (spec.decoder) decoder_embeddings.emplace(embeddings, spec, names, weights);
  const cpu::AttentionTables tables =
      cpu::make_attention_tables(spec, cpu::read_relative_bias(weights, names, spec));
  const cpu::NormWeights final_norm = cpu::read_norm(weights, names.final_norm, spec.hidden_size);
  const auto make = plugin().function<decltype(jammi_make_torch_model)>("jammi_make_torch_model");
  const ModelSource source{
      .spec = spec,
      .precision = precision,
      .device = device,
      .embeddings = embeddings,
      .tables = tables,
      .final_norm = final_norm,
      .read_layer = [&](size_t layer) { return cpu::read_layer(weights, names.layers[layer], spec); },
      .decoder_embeddings = decoder_embeddings ? &*decoder_embeddings : nullptr,
      .read_decoder_layer =
          [&](size_t layer) { return cpu::read_layer(weights, names.decoder_layers[layer], spec); }};
  try {
    std::unique_ptr<const Model> model(make(source));
    return std::make_shared<TorchEncoder>(spec, precision, device, std::move(model));
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::ResourceExhausted, ErrorCategory::Gpu,
                "the model's weights do not fit into the memory of the device: " + to_string(device));
  }
}

}  // namespace jammi::nn::torch
