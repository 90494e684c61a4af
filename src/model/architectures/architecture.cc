#include "model/architectures/architecture.h"

#include <array>
#include <string>
#include <string_view>

#include <jammi/error.h>

#include "model/architectures/bert.h"

namespace jammi::model {
namespace {

struct Reader {
  std::string_view model_type;
  Architecture (*read)(const JsonFile& config, const nn::TensorSource& weights);
};

constexpr std::array kReaders{
    Reader{"bert", read_bert},
};

}  // namespace

Architecture read_architecture(const JsonFile& config, const nn::TensorSource& weights) {
  const std::string model_type = config.string_or("model_type", "bert");
  std::string supported;
  for (const Reader& reader : kReaders) {
    if (reader.model_type == model_type) return reader.read(config, weights);
    supported += (supported.empty() ? "" : ", ") + std::string(reader.model_type);
  }
  throw Error(ErrorCode::Unsupported, ErrorCategory::Model,
              "Unsupported model architecture '" + model_type + "'. Supported: " + supported);
}

}  // namespace jammi::model
