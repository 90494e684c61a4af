#include "engine/model_loader.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <jammi/error.h>

#include "catalog/catalog.h"
#include "model/device.h"
#include "model/http_embedder.h"
#include "model/image_embedder.h"
#include "model/text_classifier.h"
#include "model/text_embedder.h"

namespace jammi::engine {
namespace {

/// Field of a model row's metadata that holds the directory its files were last found in.
constexpr char kArtifactPath[] = "artifact_path";

std::optional<model::CatalogModel> find_model_files(Database& database, const std::string& id) {
  std::optional<ModelRecord> record = database.catalog().models().latest(id);
  if (!record) return std::nullopt;
  const nlohmann::json metadata =
      nlohmann::json::parse(record->metadata_json, nullptr, /*allow_exceptions=*/false);
  if (!metadata.is_object() || !metadata.contains(kArtifactPath) || !metadata[kArtifactPath].is_string()) {
    return std::nullopt;
  }
  return model::CatalogModel{metadata[kArtifactPath].get<std::string>(),
                             record->backend == to_string(model::ModelBackend::Onnx)
                                 ? model::ModelBackend::Onnx
                                 : model::ModelBackend::Native};
}

constexpr char kRegistered[] = "registered";
constexpr char kHttp[] = "http";

struct LoadedModel {
  std::shared_ptr<const model::Model> model;
  std::optional<int64_t> dimensions;  ///< of an embedder
};

LoadedModel load_for(ModelTask task, const model::ResolvedModel& resolved, const Config& config) {
  const Config::Precision precision = config.inference.precision;
  const nn::Device device = model::choose_device(config.gpu);
  switch (task) {
    case ModelTask::TextEmbedding: {
      auto embedder = model::TextEmbedder::load(resolved, precision, device);
      return {embedder, static_cast<int64_t>(embedder->dimensions())};
    }
    case ModelTask::Classification:
      return {model::TextClassifier::load(resolved, model::ClassifierKind::Sequence, precision, device), {}};
    case ModelTask::Ner:
      return {model::TextClassifier::load(resolved, model::ClassifierKind::Token, precision, device), {}};
    case ModelTask::ImageEmbedding: {
      auto embedder = model::ImageEmbedder::load(resolved, precision, device);
      return {embedder, static_cast<int64_t>(embedder->dimensions())};
    }
  }
  throw Error(ErrorCode::Internal, ErrorCategory::Model, "unknown task");
}

ModelRecord describe(const model::ResolvedModel& resolved, ModelTask task,
                     std::optional<int64_t> dimensions) {
  ModelRecord record;
  record.name = resolved.source.id;
  record.type = resolved.source.kind == model::ModelSource::Kind::Local ? "local" : "huggingface";
  record.task = task;
  record.backend = to_string(resolved.backend);
  record.status = kRegistered;
  record.dimensions = dimensions;
  record.metadata_json = nlohmann::json{{kArtifactPath, resolved.directory.string()}}.dump();
  return record;
}

}  // namespace

ModelLoader::ModelLoader(Database& database)
    : database_(database),
      resolver_(
          database.config().inference.default_backend,
          [&database](const std::string& id) { return find_model_files(database, id); },
          model::hub_options_from_environment()) {}

std::shared_ptr<const model::Model> ModelLoader::connect(const model::ModelSource& source, ModelTask task,
                                                         std::stop_token stop) const {
  if (task != ModelTask::TextEmbedding) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Backend,
                "HTTP backend only supports embedding task, got " + std::string(to_string(task)));
  }
  auto embedder = model::HttpEmbedder::connect(
      source, model::http_model_options(database_.config().inference.http), std::move(stop));
  ModelRecord record;
  record.name = source.id;
  record.type = kHttp;
  record.task = task;
  record.backend = kHttp;
  record.status = kRegistered;
  record.dimensions = static_cast<int64_t>(embedder->dimensions());
  record.metadata_json = "{}";
  database_.catalog().models().upsert(record);
  return embedder;
}

std::shared_ptr<const model::Model> ModelLoader::load(const model::ModelSource& source, ModelTask task,
                                                      std::stop_token stop) const {
  if (source.kind == model::ModelSource::Kind::Http) return connect(source, task, std::move(stop));
  const model::ResolvedModel resolved = resolver_.resolve(source, {}, std::move(stop));
  LoadedModel loaded = load_for(task, resolved, database_.config());
  database_.catalog().models().upsert(describe(resolved, task, loaded.dimensions));
  return std::move(loaded.model);
}

}  // namespace jammi::engine
