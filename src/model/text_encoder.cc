#include "model/text_encoder.h"

#include <algorithm>
#include <string>
#include <utility>

#include <jammi/error.h>

#include "model/model_files.h"

namespace jammi::model {
namespace {

/// Longest text in tokens unless the model's own directory says otherwise.
constexpr int64_t kDefaultMaxTokens = 512;

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

std::filesystem::path find_tokenizer(const ResolvedModel& model, std::string_view purpose) {
  if (auto file = tokenizer_file(model.directory)) return *file;
  throw Error(ErrorCode::NotFound, ErrorCategory::Model,
              "No tokenizer loaded for " + std::string(purpose) +
                  " model: missing file: " + (model.directory / "tokenizer.json").string());
}

}  // namespace

TextEncoder load_text_encoder(const ResolvedModel& model, Config::Precision precision,
                              const nn::Device& device, std::optional<int64_t> max_tokens,
                              std::string_view purpose) {
  if (model.backend != ModelBackend::Native) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Model,
                "ONNX weights are not supported; the model needs safetensors weights");
  }
  const nn::Precision computed_in = choose_precision(precision, device);
  JsonFile config = JsonFile::read(configuration_file(model.directory));
  auto weights = Safetensors::open(model.weight_files);
  Architecture architecture = read_architecture(config, *weights);
  const nn::EncoderSpec& spec = architecture.spec;
  auto tokenizer_path = find_tokenizer(model, purpose);
  auto tokenizer = text::Tokenizer::load(tokenizer_path);
  if (std::cmp_greater(tokenizer->vocab_size(), spec.vocab_size)) {
    config.fail(
        "tokenizer has " + std::to_string(tokenizer->vocab_size()) + " tokens but the model embeds fewer",
        "vocab_size");
  }
  auto encoder = nn::Encoder::load(spec, architecture.names, *weights, computed_in, device);
  const int64_t limit = std::min(spec.max_tokens(), max_tokens.value_or(kDefaultMaxTokens));
  return {.config = std::move(config),
          .weights = std::move(weights),
          .architecture = std::move(architecture),
          .tokenizer_path = std::move(tokenizer_path),
          .tokenizer = std::move(tokenizer),
          .encoder = std::move(encoder),
          .max_tokens = static_cast<size_t>(limit)};
}

}  // namespace jammi::model
