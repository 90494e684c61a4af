#include "nn/encoder.h"

#include <jammi/error.h>

#include "nn/cpu/encoder.h"
#include "nn/torch/encoder.h"

namespace jammi::nn {

std::string_view to_string(Precision precision) noexcept {
  switch (precision) {
    case Precision::F32:
      return "f32";
    case Precision::Bf16:
      return "bf16";
    case Precision::F16:
      return "f16";
    case Precision::Int8:
      return "int8";
  }
  return "";
}

std::string_view to_string(Pooling pooling) noexcept {
  switch (pooling) {
    case Pooling::Mean:
      return "mean";
    case Pooling::Cls:
      return "cls";
    case Pooling::Max:
      return "max";
    case Pooling::Last:
      return "last";
    case Pooling::EndOfText:
      return "end_of_text";
    case Pooling::MeanOfPatches:
      return "mean_of_patches";
  }
  return "";
}

Precision preferred_precision(const Device& device) noexcept {
  if (device.kind == Device::Kind::Cuda) return Precision::Bf16;
  return device.kind == Device::Kind::Cpu && cpu::has_bf16_products() ? Precision::Bf16 : Precision::F32;
}

void EncoderWorker::encode_images(std::span<const float>, Pooling, bool, std::span<float>) {
  throw Error(ErrorCode::InvalidArgument, ErrorCategory::Inference,
              "the encoder reads token ids, not images");
}

std::shared_ptr<const Encoder> Encoder::load(const EncoderSpec& spec, const WeightNames& names,
                                             const TensorSource& weights, Precision precision,
                                             const Device& device) {
  if (device.kind != Device::Kind::Cpu) return torch::load_encoder(spec, names, weights, precision, device);
  return cpu::load_encoder(spec, names, weights, precision, cpu::fastest_options(precision));
}

}  // namespace jammi::nn
