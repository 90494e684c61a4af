#include "nn/encoder.h"

#include "nn/cpu/encoder.h"

namespace jammi::nn {

std::string_view to_string(Precision precision) noexcept {
  return precision == Precision::Bf16 ? "bf16" : "f32";
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
  }
  return "";
}

Precision preferred_precision() noexcept {
  return cpu::has_bf16_products() ? Precision::Bf16 : Precision::F32;
}

std::shared_ptr<const Encoder> Encoder::load(const EncoderSpec& spec, const WeightNames& names,
                                             const TensorSource& weights, Precision precision) {
  return cpu::load_encoder(spec, names, weights, precision, cpu::fastest_options(precision));
}

}  // namespace jammi::nn
