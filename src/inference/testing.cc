#include "inference/testing.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <jammi/database.h>

#include "model/resolver.h"

namespace jammi::inference::testing {
namespace {

constexpr std::string_view kFixtures = JAMMI_SOURCE_DIR "/tests/fixtures/";

model::ResolvedModel resolve(std::string_view directory) {
  const model::Resolver resolver(Config::Backend::Auto, {}, {});
  return resolver.resolve(model::parse_model_source("local:" + std::string(directory)));
}

std::shared_ptr<const model::TextClassifier> load(std::string_view directory, model::ClassifierKind kind) {
  return model::TextClassifier::load(resolve(directory), kind, Config::Precision::F32);
}

}  // namespace

std::shared_ptr<const model::TextEmbedder> tiny_bert() {
  static const auto embedder =
      model::TextEmbedder::load(resolve(std::string(kFixtures) + "tiny_bert"), Config::Precision::F32);
  return embedder;
}

std::shared_ptr<const model::ImageEmbedder> tiny_clip() {
  static const auto embedder =
      model::ImageEmbedder::load(resolve(std::string(kFixtures) + "tiny_clip"), Config::Precision::F32);
  return embedder;
}

std::shared_ptr<const model::TextClassifier> tiny_classifier() {
  static const auto classifier =
      load(std::string(kFixtures) + "tiny_classifier", model::ClassifierKind::Sequence);
  return classifier;
}

std::shared_ptr<const model::TextClassifier> tiny_ner() {
  static const auto classifier = load(std::string(kFixtures) + "tiny_ner", model::ClassifierKind::Token);
  return classifier;
}

TaskOutput run(const Task& task, const std::vector<std::string>& texts) {
  arrow::StringBuilder keys, contents;
  for (size_t i = 0; i < texts.size(); ++i) {
    throw_if_error(keys.Append(std::to_string(i)));
    throw_if_error(contents.Append(texts[i]));
  }
  auto schema = arrow::schema({arrow::field("key", arrow::utf8()), arrow::field("text", arrow::utf8())});
  auto batch = arrow::RecordBatch::Make(schema, static_cast<int64_t>(texts.size()),
                                        {keys.Finish().ValueOrDie(), contents.Finish().ValueOrDie()});
  auto reader = arrow::RecordBatchReader::Make({std::move(batch)}, schema).ValueOrDie();
  return task.run(std::move(reader), {.num_threads = 2}, {})->next().value();
}

std::vector<std::string> cells(const arrow::Array& column) {
  const auto& strings = static_cast<const arrow::StringArray&>(column);
  std::vector<std::string> values;
  for (int64_t i = 0; i < strings.length(); ++i) {
    values.push_back(strings.IsNull(i) ? "null" : strings.GetString(i));
  }
  return values;
}

}  // namespace jammi::inference::testing
