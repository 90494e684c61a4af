// Prints what a model makes of texts, for comparison with the reference implementation.
// usage: parity_dump MODEL f32|bf16 TEXTS.json [query] > RESULT.json     (TEXTS: an array of strings)

#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/text_embedder.h"

namespace {

using jammi::Config;
using jammi::model::Resolver;
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

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    std::fputs("usage: parity_dump MODEL f32|bf16 TEXTS.json [query]\n", stderr);
    return 2;
  }
  try {
    const Resolver resolver(Config::Backend::Auto, {}, jammi::model::hub_options_from_environment());
    const auto model = resolver.resolve(jammi::model::parse_model_source(argv[1]));
    const auto precision =
        std::string_view(argv[2]) == "bf16" ? Config::Precision::Bf16 : Config::Precision::F32;
    const auto texts = nlohmann::json::parse(std::ifstream(argv[3])).get<std::vector<std::string>>();
    const TextRole role = argc == 5 ? TextRole::Query : TextRole::Document;
    std::cout << dump(*TextEmbedder::load(model, precision), texts, role);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "parity_dump: %s\n", error.what());
    return 1;
  }
}
