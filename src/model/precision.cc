#include "model/precision.h"

namespace jammi::model {

nn::Precision choose_precision(Config::Precision precision, const nn::Device& device) {
  switch (precision) {
    case Config::Precision::Auto:
      return nn::preferred_precision(device);
    case Config::Precision::F32:
      return nn::Precision::F32;
    case Config::Precision::Bf16:
      return nn::Precision::Bf16;
    case Config::Precision::F16:
      return nn::Precision::F16;
    case Config::Precision::Int8:
      return nn::Precision::Int8;
  }
  return nn::preferred_precision(device);
}

}  // namespace jammi::model
