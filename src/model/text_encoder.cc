#include "model/text_encoder.h"

#include <algorithm>
#include <string>
#include <utility>

#include <jammi/error.h>

#include "model/model_files.h"
#include "model/onnx/onnx_encoder.h"
#include "model/onnx/onnx_file.h"
#include "model/precision.h"

namespace jammi::model {
namespace {

/// Longest text in tokens unless the model's own directory says otherwise.
constexpr int64_t kDefaultMaxTokens = 512;

std::filesystem::path find_tokenizer(const ResolvedModel& model, std::string_view purpose) {
  if (auto file = tokenizer_file(model.directory)) return *file;
  throw Error(ErrorCode::NotFound, ErrorCategory::Model,
              "No tokenizer loaded for " + std::string(purpose) +
                  " model: missing file: " + (model.directory / "tokenizer.json").string());
}

/// Configuration, weights and architecture.
TextEncoder read_native(const ResolvedModel& model) {
  TextEncoder read{.config = JsonFile::read(configuration_file(model.directory)),
                   .weight_files = model.weight_files,
                   .weights = Safetensors::open(model.weight_files)};
  read.architecture = read_architecture(read.config, *read.weights);
  return read;
}

/// Configuration and encoder, which tells the sizes.
TextEncoder read_onnx(const ResolvedModel& model, const std::vector<std::string>& outputs) {
  const std::filesystem::path& file = model.weight_files.front();
  TextEncoder read{.config = JsonFile::read(configuration_file(model.directory)), .weight_files = {file}};
  read.weight_files.append_range(external_data_files(file));
  const auto encoder = OnnxEncoder::load(file, outputs, read.config);
  read.architecture.spec = encoder->spec();
  read.is_per_token = encoder->is_per_token();
  read.encoder = encoder;
  return read;
}

}  // namespace

TextEncoder load_text_encoder(const ResolvedModel& model, Config::Precision precision,
                              const nn::Device& device, std::optional<int64_t> max_tokens,
                              std::string_view purpose, const std::vector<std::string>& onnx_outputs) {
  const bool is_onnx = model.backend == ModelBackend::Onnx;
  const nn::Precision computed_in = is_onnx ? nn::Precision::F32 : choose_precision(precision, device);
  TextEncoder loaded = is_onnx ? read_onnx(model, onnx_outputs) : read_native(model);
  const nn::EncoderSpec& spec = loaded.architecture.spec;
  loaded.tokenizer_path = find_tokenizer(model, purpose);
  loaded.tokenizer = text::Tokenizer::load(loaded.tokenizer_path);
  const size_t vocab_size = loaded.tokenizer->vocab_size();
  if (std::cmp_greater(vocab_size, spec.vocab_size)) {
    loaded.config.fail("tokenizer has " + std::to_string(vocab_size) + " tokens but the model embeds fewer",
                       "vocab_size");
  }
  if (!is_onnx) {
    loaded.encoder = nn::Encoder::load(spec, loaded.architecture.names, *loaded.weights, computed_in, device);
  }
  loaded.max_tokens =
      static_cast<size_t>(std::min(spec.max_tokens(), max_tokens.value_or(kDefaultMaxTokens)));
  return loaded;
}

}  // namespace jammi::model
