// Prints what a model makes of texts, for comparison with the reference implementation.
// usage: parity_dump MODEL f32|bf16 TEXTS.json [query|sequences|tokens] > RESULT.json
//
// TEXTS is an array of strings. The vectors of documents by default, or of queries; or a classifier's logits.

#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/text_classifier.h"
#include "model/text_embedder.h"

namespace {

using jammi::Config;
using jammi::model::ClassifierKind;
using jammi::model::Resolver;
using jammi::model::TextClassifier;
using jammi::model::TextEmbedder;
using jammi::model::TextRole;

nlohmann::json dump(const TextEmbedder& embedder, const std::vector<std::string>& texts, TextRole role) {
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const jammi::text::TokenBatch batch = embedder.tokenize(views, role);
  std::vector<float> vectors(texts.size() * embedder.dimensions());
  embedder.make_worker()->encode(jammi::model::view(batch), vectors);

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
  const std::vector<float> logits = classifier.make_worker()->classify(jammi::model::view(batch));
  const size_t num_labels = classifier.labels().size();
  nlohmann::json rows = nlohmann::json::array();
  size_t first = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    const bool is_per_token = classifier.kind() == ClassifierKind::Token;
    const size_t num_rows = is_per_token ? batch.offsets[i + 1] - batch.offsets[i] : 1;
    nlohmann::json& row = rows.emplace_back();
    row["logits"] = nlohmann::json::array();
    for (size_t j = 0; j < num_rows; ++j, first += num_labels) {
      row["logits"].push_back(std::vector(&logits[first], &logits[first] + num_labels));
    }
  }
  return {{"labels", classifier.labels()}, {"rows", rows}};
}

nlohmann::json run(const jammi::model::ResolvedModel& model, Config::Precision precision,
                   const std::vector<std::string>& texts, std::string_view what) {
  if (what == "sequences") {
    return dump(*TextClassifier::load(model, ClassifierKind::Sequence, precision), texts);
  }
  if (what == "tokens") return dump(*TextClassifier::load(model, ClassifierKind::Token, precision), texts);
  const TextRole role = what == "query" ? TextRole::Query : TextRole::Document;
  return dump(*TextEmbedder::load(model, precision), texts, role);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    std::fputs("usage: parity_dump MODEL f32|bf16 TEXTS.json [query|sequences|tokens]\n", stderr);
    return 2;
  }
  try {
    const Resolver resolver(Config::Backend::Auto, {}, jammi::model::hub_options_from_environment());
    const auto model = resolver.resolve(jammi::model::parse_model_source(argv[1]));
    const auto precision =
        std::string_view(argv[2]) == "bf16" ? Config::Precision::Bf16 : Config::Precision::F32;
    const auto texts = nlohmann::json::parse(std::ifstream(argv[3])).get<std::vector<std::string>>();
    std::cout << run(model, precision, texts, argc == 5 ? argv[4] : "");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "parity_dump: %s\n", error.what());
    return 1;
  }
}
