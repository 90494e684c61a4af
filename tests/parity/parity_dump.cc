// Prints what a model makes of texts or images, for comparison with the reference implementation.
// usage: parity_dump [--torch] MODEL f32|bf16|f16|int8 TEXTS.json [query|sequences|tokens|images] >
// RESULT.json
//
// TEXTS is an array of strings. The vectors of documents by default, or of queries; or a classifier's logits;
// or, for images, the pixels that the model sees and the vectors of the files whose paths they are.
// --torch computes with the plugin that serves GPUs, on the CPU.

#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "image/decode.h"
#include "image/preprocess.h"
#include "model/image_embedder.h"
#include "model/text_classifier.h"
#include "model/text_embedder.h"

namespace {

using jammi::Config;
using jammi::model::ClassifierKind;
using jammi::model::ImageEmbedder;
using jammi::model::Resolver;
using jammi::model::TextClassifier;
using jammi::model::TextEmbedder;
using jammi::model::TextRole;
using jammi::nn::Device;

nlohmann::json dump(const TextEmbedder& embedder, const std::vector<std::string>& texts, TextRole role) {
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const jammi::text::TokenBatch batch = embedder.tokenize(views, role);
  std::vector<float> vectors(texts.size() * embedder.dimensions());
  embedder.make_worker()->compute(jammi::model::view(batch), vectors);

  nlohmann::json rows = nlohmann::json::array();
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto ids =
        std::span(batch.token_ids).subspan(batch.offsets[i], batch.offsets[i + 1] - batch.offsets[i]);
    const auto vector = std::span(vectors).subspan(i * embedder.dimensions(), embedder.dimensions());
    rows.push_back({{"token_ids", std::vector(ids.begin(), ids.end())},
                    {"vector", std::vector(vector.begin(), vector.end())}});
  }
  return {{"max_tokens", embedder.max_tokens()}, {"kernel", embedder.kernel_name()}, {"rows", rows}};
}

nlohmann::json dump(const TextClassifier& classifier, const std::vector<std::string>& texts) {
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const jammi::text::TokenBatch batch = classifier.tokenize(views);
  const size_t num_labels = classifier.row_width();
  std::vector<float> logits((classifier.is_per_token() ? batch.num_tokens() : texts.size()) * num_labels);
  classifier.make_worker()->compute(jammi::model::view(batch), logits);
  nlohmann::json rows = nlohmann::json::array();
  size_t first = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    const size_t num_rows = classifier.is_per_token() ? batch.offsets[i + 1] - batch.offsets[i] : 1;
    nlohmann::json& row = rows.emplace_back();
    row["logits"] = nlohmann::json::array();
    for (size_t j = 0; j < num_rows; ++j, first += num_labels) {
      row["logits"].push_back(std::vector(&logits[first], &logits[first] + num_labels));
    }
  }
  return {{"labels", classifier.labels()}, {"rows", rows}};
}

nlohmann::json dump(const ImageEmbedder& embedder, const std::vector<std::string>& paths) {
  std::vector<float> pixels(paths.size() * embedder.preprocessing().num_values());
  for (size_t i = 0; i < paths.size(); ++i) {
    const auto image = std::span(pixels).subspan(i * embedder.preprocessing().num_values(),
                                                 embedder.preprocessing().num_values());
    jammi::image::preprocess(jammi::image::decode_file(paths[i]), embedder.preprocessing(), image);
  }
  std::vector<float> vectors(paths.size() * embedder.dimensions());
  embedder.make_worker()->encode(pixels, vectors);

  nlohmann::json rows = nlohmann::json::array();
  for (size_t i = 0; i < paths.size(); ++i) {
    const auto seen = std::span(pixels).subspan(i * embedder.preprocessing().num_values(),
                                                embedder.preprocessing().num_values());
    const auto vector = std::span(vectors).subspan(i * embedder.dimensions(), embedder.dimensions());
    rows.push_back({{"pixels", std::vector(seen.begin(), seen.end())},
                    {"vector", std::vector(vector.begin(), vector.end())}});
  }
  return {{"kernel", embedder.kernel_name()}, {"rows", rows}};
}

nlohmann::json run(const jammi::model::ResolvedModel& model, Config::Precision precision,
                   const Device& device, const std::vector<std::string>& texts, std::string_view what) {
  if (what == "sequences") {
    return dump(*TextClassifier::load(model, ClassifierKind::Sequence, precision, device), texts);
  }
  if (what == "tokens") {
    return dump(*TextClassifier::load(model, ClassifierKind::Token, precision, device), texts);
  }
  if (what == "images") return dump(*ImageEmbedder::load(model, precision, device), texts);
  const TextRole role = what == "query" ? TextRole::Query : TextRole::Document;
  return dump(*TextEmbedder::load(model, precision, device), texts, role);
}

Config::Precision precision_of(std::string_view word) {
  if (word == "bf16") return Config::Precision::Bf16;
  if (word == "int8") return Config::Precision::Int8;
  return word == "f16" ? Config::Precision::F16 : Config::Precision::F32;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool uses_torch = std::erase(arguments, "--torch") > 0;
  if (arguments.size() != 3 && arguments.size() != 4) {
    std::fputs(
        "usage: parity_dump [--torch] MODEL f32|bf16|f16|int8 TEXTS.json "
        "[query|sequences|tokens|images]\n",
        stderr);
    return 2;
  }
  try {
    const Resolver resolver(Config::Backend::Auto, {}, jammi::model::hub_options_from_environment());
    const auto model = resolver.resolve(jammi::model::parse_model_source(arguments[0]));
    const Device device{uses_torch ? Device::Kind::TorchCpu : Device::Kind::Cpu};
    const auto texts = nlohmann::json::parse(std::ifstream(arguments[2])).get<std::vector<std::string>>();
    std::cout << run(model, precision_of(arguments[1]), device, texts,
                     arguments.size() == 4 ? arguments[3] : "");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "parity_dump: %s\n", error.what());
    return 1;
  }
}
