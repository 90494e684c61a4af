#include "model/precision.h"

#include <jammi/error.h>

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
      break;
  }
  throw Error(ErrorCode::Unsupported, ErrorCategory::Model,
              "precision int8 is not supported; use auto, f32, bf16 or f16");
}

}  // namespace jammi::model
