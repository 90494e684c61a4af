#include <chrono>
#include <format>
#include <string_view>
#include <utility>

#include <jammi/error.h>
#include <jammi/session.h>

#include "base/log.h"
#include "base/physical_memory.h"
#include "embedding/embedding_job.h"
#include "engine/embedding_cache.h"
#include "engine/model_cache.h"
#include "engine/model_loader.h"
#include "engine/sql_functions.h"
#include "image/decode.h"
#include "inference/classification_task.h"
#include "inference/http_embedding_task.h"
#include "inference/image_embedding_task.h"
#include "inference/ner_task.h"
#include "inference/runner.h"
#include "inference/text_embedding_task.h"
#include "model/http_embedder.h"
#include "model/image_embedder.h"
#include "model/resolver.h"
#include "model/text_classifier.h"
#include "model/text_embedder.h"
#include "search/search_builder.h"

namespace jammi {
namespace {

using base::MemoryPriority;

constexpr size_t kOpenTables = 16;

// Most calls that use a model take less; a job of hours is not waited for.
constexpr std::chrono::seconds kMemoryPatience{10};

uint64_t embedding_cache_bytes(const Config::Cache& config) {
  if (!config.embedding_cache_enabled) return 0;
  return parse_byte_size(config.embedding_cache_size, base::physical_memory_bytes(),
                         "cache.embedding_cache_size");
}

uint64_t ann_cache_entries(const Config::Cache& config) {
  return config.ann_cache_enabled ? config.ann_cache_max_entries : 0;
}

void log_use(std::string_view cache, const CacheStatistics& statistics) {
  log::debug(std::format("{}: {} hits of {} look-ups, {} entries", cache, statistics.hits,
                         statistics.hits + statistics.misses, statistics.entries));
}

}  // namespace

struct Session::State {
  explicit State(const Config& config)
      : database(Database::open(config)),
        loader(*database),
        models({.max_models = config.inference.max_loaded_models, .patience = kMemoryPatience},
               [this](const model::ModelSource& source, ModelTask task, std::stop_token stop) {
                 return loader.find(source, task, std::move(stop));
               }),
        runner(*database, [this](const std::string& written, ModelTask task,
                                 std::stop_token stop) { return load_task(written, task, stop); }),
        embeddings(embedding_cache_bytes(config.cache)),
        searches{.tables = search::TableCache(kOpenTables),
                 .neighbors = search::NeighborCache(ann_cache_entries(config.cache))} {}

  /// The model as a user names it; `Loaded` is a class of what the loader gives for the task.
  template <typename Loaded>
  std::shared_ptr<const Loaded> model(const std::string& written, ModelTask task, MemoryPriority priority,
                                      std::stop_token stop) {
    return std::dynamic_pointer_cast<const Loaded>(
        models.get(model::parse_model_source(written), task, priority, std::move(stop)));
  }

  std::shared_ptr<const model::EmbeddingModel> embedder(const std::string& written, MemoryPriority priority,
                                                        std::stop_token stop) {
    return model<model::EmbeddingModel>(written, ModelTask::TextEmbedding, priority, std::move(stop));
  }

  std::shared_ptr<const inference::Task> embedding_task(
      const std::shared_ptr<const model::EmbeddingModel>& embedder) {
    if (auto remote = std::dynamic_pointer_cast<const model::HttpEmbedder>(embedder)) {
      return inference::make_http_embedding_task(std::move(remote), database->config().inference.batch_size);
    }
    return inference::make_text_embedding_task(
        std::dynamic_pointer_cast<const model::TextEmbedder>(embedder));
  }

  std::shared_ptr<const model::ImageEmbedder> image_embedder(const std::string& written,
                                                             MemoryPriority priority, std::stop_token stop) {
    return model<model::ImageEmbedder>(written, ModelTask::ImageEmbedding, priority, std::move(stop));
  }

  /// For whole sources of rows.
  std::shared_ptr<const inference::Task> load_task(const std::string& written, ModelTask task,
                                                   std::stop_token stop) {
    constexpr auto kPriority = MemoryPriority::Background;
    switch (task) {
      case ModelTask::TextEmbedding:
        return embedding_task(embedder(written, kPriority, stop));
      case ModelTask::Classification:
      case ModelTask::Ner: {
        auto classifier = model<model::TextClassifier>(written, task, kPriority, stop);
        if (task == ModelTask::Ner) return inference::make_ner_task(classifier, classifier->labels());
        return inference::make_classification_task(classifier, classifier->labels());
      }
      case ModelTask::ImageEmbedding:
        return inference::make_image_embedding_task(image_embedder(written, kPriority, stop));
    }
    throw Error(ErrorCode::Internal, ErrorCategory::Inference, "unknown task");
  }

  std::unique_ptr<Database> database;
  engine::ModelLoader loader;
  engine::ModelCache models;
  inference::Runner runner;
  engine::EmbeddingCache embeddings;
  search::SearchCaches searches;
};

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}

Session::~Session() {
  log_use("embedding cache", state_->embeddings.statistics());
  log_use("ANN cache", state_->searches.neighbors.statistics());
}

std::unique_ptr<Session> Session::open(const Config& config) {
  std::unique_ptr<Session> session(new Session(std::make_unique<State>(config)));
  engine::add_sql_functions(*session, session->state_->runner);
  return session;
}

Database& Session::database() noexcept {
  return *state_->database;
}

EmbeddingSummary Session::generate_text_embeddings(const std::string& source, const std::string& model,
                                                   const std::vector<std::string>& columns,
                                                   const std::string& key, const EmbeddingOptions& options) {
  const auto embedder = state_->embedder(model, MemoryPriority::Background, options.stop);
  return embedding::run_embedding_job(*state_->database, *state_->embedding_task(embedder),
                                      embedder->identity(), {source, columns, key},
                                      state_->runner.observers(), options);
}

EmbeddingSummary Session::generate_image_embeddings(const std::string& source, const std::string& model,
                                                    const std::string& image_column, const std::string& key,
                                                    const EmbeddingOptions& options) {
  const auto embedder = state_->image_embedder(model, MemoryPriority::Background, options.stop);
  return embedding::run_embedding_job(*state_->database, *inference::make_image_embedding_task(embedder),
                                      embedder->identity(), {source, {image_column}, key},
                                      state_->runner.observers(), options);
}

std::shared_ptr<arrow::RecordBatchReader> Session::infer(const std::string& source, const std::string& model,
                                                         const std::vector<std::string>& columns,
                                                         ModelTask task, const std::string& key,
                                                         const InferenceOptions& options) {
  return state_->runner.infer(state_->runner.load(model, task, options.stop), {source, columns, key},
                              options);
}

void Session::add_observer(std::shared_ptr<InferenceObserver> observer) {
  state_->runner.observers().add(std::move(observer));
}

void Session::remove_observer(const InferenceObserver& observer) {
  state_->runner.observers().remove(observer);
}

std::vector<float> Session::encode_text_query(const std::string& model, const std::string& text,
                                              std::stop_token stop) {
  if (text.empty()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Inference, "Empty or null text input");
  }
  return state_->embeddings.embed(*state_->embedder(model, MemoryPriority::Interactive, stop), text, stop);
}

std::vector<float> Session::encode_image_query(const std::string& model, std::span<const std::byte> image,
                                               std::stop_token stop) {
  const image::Image picture = image::decode(image);
  return state_->image_embedder(model, MemoryPriority::Interactive, std::move(stop))->embed(picture);
}

std::vector<float> Session::encode_image_query(const std::string& model, const std::filesystem::path& path,
                                               std::stop_token stop) {
  const image::Image picture = image::decode_file(path.string());
  return state_->image_embedder(model, MemoryPriority::Interactive, std::move(stop))->embed(picture);
}

SearchBuilder Session::search(const std::string& source, std::vector<float> query, size_t k,
                              const SearchOptions& options) {
  return search::begin_search(*state_->database, state_->runner, state_->searches, source, std::move(query),
                              k, options);
}

void Session::preload_model(const std::string& model, ModelTask task, std::stop_token stop) {
  state_->models.get(model::parse_model_source(model), task, MemoryPriority::Background, std::move(stop));
}

std::vector<LoadedModel> Session::loaded_models() const {
  return state_->models.list();
}

void Session::evict_model(const std::string& model) {
  const std::string id = model::parse_model_source(model).id;
  const bool was_loaded = state_->models.evict(id);
  const bool is_registered = state_->loader.forget_files(id);
  if (!was_loaded && !is_registered) throw model_error(ErrorCode::NotFound, id, "no such model");
}

QueryCacheStatistics Session::cache_statistics() const {
  return {.embedding_cache = state_->embeddings.statistics(),
          .ann_cache = state_->searches.neighbors.statistics()};
}

}  // namespace jammi
