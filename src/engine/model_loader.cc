#include "engine/model_loader.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <jammi/error.h>

#include "base/physical_memory.h"
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

/// An object, whatever the row holds.
nlohmann::json parse_metadata(const ModelRecord& record) {
  nlohmann::json metadata = nlohmann::json::parse(record.metadata_json, nullptr, /*allow_exceptions=*/false);
  return metadata.is_object() ? metadata : nlohmann::json::object();
}

std::optional<model::CatalogModel> find_model_files(Database& database, const std::string& id) {
  std::optional<ModelRecord> record = database.catalog().models().latest(id);
  if (!record) return std::nullopt;
  const nlohmann::json metadata = parse_metadata(*record);
  if (!metadata.contains(kArtifactPath) || !metadata[kArtifactPath].is_string()) return std::nullopt;
  return model::CatalogModel{metadata[kArtifactPath].get<std::string>(),
                             record->backend == to_string(model::ModelBackend::Onnx)
                                 ? model::ModelBackend::Onnx
                                 : model::ModelBackend::Native};
}

constexpr char kRegistered[] = "registered";
constexpr char kHttp[] = "http";
constexpr char kFineTuned[] = "fine-tuned";

/// A missing file counts nothing: loading says that it is missing.
uint64_t bytes_of(const std::vector<std::filesystem::path>& files) {
  uint64_t bytes = 0;
  for (const auto& file : files) {
    std::error_code error;
    const uint64_t size = std::filesystem::file_size(file, error);
    if (!error) bytes += size;
  }
  return bytes;
}

struct Loaded {
  std::shared_ptr<const model::Model> model;
  std::optional<int64_t> dimensions;  ///< of an embedder
};

Loaded load_for(ModelTask task, const model::ResolvedModel& resolved, Config::Precision precision,
                const nn::Device& device) {
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
          model::hub_options_from_environment()),
      host_memory_(
          std::make_shared<base::MemoryBudget>(model::host_memory_budget(base::physical_memory_bytes()))) {}

ModelLoader::Placement ModelLoader::placement() const {
  std::lock_guard lock(mutex_);
  if (!placement_) {
    const Config::Gpu& gpu = database_.config().gpu;
    Placement chosen{.device = model::choose_device(gpu), .memory = host_memory_};
    if (chosen.device.kind == nn::Device::Kind::Cuda) {
      chosen.memory = std::make_shared<base::MemoryBudget>(
          model::gpu_memory_budget(gpu, nn::cuda_memory_bytes(chosen.device.index)));
    }
    placement_ = std::move(chosen);
  }
  return *placement_;
}

FoundModel ModelLoader::find_on_server(const model::ModelSource& source, ModelTask task,
                                       std::stop_token stop) const {
  if (task != ModelTask::TextEmbedding) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Backend,
                "HTTP backend only supports embedding task, got " + std::string(to_string(task)));
  }
  const auto connect = [this, source, stop] {
    auto embedder = model::HttpEmbedder::connect(
        source, model::http_model_options(database_.config().inference.http), stop);
    ModelRecord record;
    record.name = source.id;
    record.type = kHttp;
    record.task = ModelTask::TextEmbedding;
    record.backend = kHttp;
    record.status = kRegistered;
    record.dimensions = static_cast<int64_t>(embedder->dimensions());
    record.metadata_json = "{}";
    note_load(std::move(record));
    return embedder;
  };
  return {.memory = host_memory_, .load = connect};
}

FoundModel ModelLoader::find(const model::ModelSource& source, ModelTask task, std::stop_token stop) const {
  if (source.kind == model::ModelSource::Kind::Http) return find_on_server(source, task, std::move(stop));
  const model::ResolvedModel resolved = resolver_.resolve(source, {}, std::move(stop));
  const Placement place =
      resolved.backend == model::ModelBackend::Onnx ? Placement{{}, host_memory_} : placement();
  const auto load = [this, resolved, task, device = place.device] {
    Loaded loaded = load_for(task, resolved, database_.config().inference.precision, device);
    note_load(describe(resolved, task, loaded.dimensions));
    return std::move(loaded.model);
  };
  return {.memory = place.memory,
          .memory_name = place.memory == host_memory_ ? "memory" : "GPU memory",
          .estimated_bytes = bytes_of(resolved.weight_files),
          .load = load};
}

void ModelLoader::note_load(ModelRecord record) const {
  std::lock_guard lock(mutex_);
  const auto key = std::pair(record.name, record.task);
  uses_.insert_or_assign(key, Use{std::move(record), {}});
}

void ModelLoader::register_use(const std::string& id, ModelTask task,
                               const catalog::TenantScope& scope) const {
  std::lock_guard lock(mutex_);
  Use& use = uses_.at({id, task});
  if (use.tenants.contains(scope.tenant_id())) return;
  database_.catalog().models().upsert(use.record, scope);
  use.tenants.insert(scope.tenant_id());
}

bool ModelLoader::forget_files(const std::string& id, const catalog::TenantScope& scope) const {
  std::optional<ModelRecord> record = database_.catalog().models().latest(id, scope);
  if (!record) return false;
  nlohmann::json metadata = parse_metadata(*record);
  if (record->type != kFineTuned && metadata.erase(kArtifactPath) > 0) {
    record->metadata_json = metadata.dump();
    database_.catalog().models().upsert(
        *record, record->tenant_id ? catalog::TenantScope::of(*record->tenant_id) : catalog::TenantScope());
  }
  return true;
}

}  // namespace jammi::engine
