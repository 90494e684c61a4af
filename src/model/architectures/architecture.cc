#include "model/architectures/architecture.h"

#include <array>
#include <string>
#include <string_view>

#include <jammi/error.h>

#include "model/architectures/bart.h"
#include "model/architectures/bert.h"
#include "model/architectures/distilbert.h"
#include "model/architectures/modernbert.h"
#include "model/architectures/mpnet.h"
#include "model/architectures/open_clip.h"

namespace jammi::model {
namespace {

struct Reader {
  std::string_view model_type;
  Architecture (*read)(const JsonFile& config, const nn::TensorSource& weights);
};

// The order is that of the error message.
constexpr std::array kReaders{
    Reader{"bert", read_bert},
    Reader{"roberta", read_roberta},
    Reader{"distilbert", read_distilbert},
    Reader{"camembert", read_roberta},
    Reader{"xlm-roberta", read_roberta},
    Reader{"modernbert", read_modernbert},
    Reader{"mpnet", read_mpnet},
    Reader{"bart", read_bart},
};

}  // namespace

Architecture read_architecture(const JsonFile& config, const nn::TensorSource& weights) {
  if (config.has("model_cfg")) return read_open_clip_text(config, weights);
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
