#include <chrono>
#include <format>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include <jammi/error.h>
#include <jammi/session.h>

#include "base/log.h"
#include "base/physical_memory.h"
#include "catalog/catalog.h"
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
using catalog::TenantScope;

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

/// What the sessions of one engine share.
struct Session::State {
  explicit State(const Config& config)
      : database(Database::open(config)),
        loader(*database),
        models({.max_models = config.inference.max_loaded_models, .patience = kMemoryPatience},
               [this](const model::ModelSource& source, ModelTask task, std::stop_token stop) {
                 return loader.find(source, task, std::move(stop));
               }),
        embeddings(embedding_cache_bytes(config.cache)),
        searches{.tables = search::TableCache(kOpenTables),
                 .neighbors = search::NeighborCache(ann_cache_entries(config.cache))} {}

  ~State() {
    log_use("embedding cache", embeddings.statistics());
    log_use("ANN cache", searches.neighbors.statistics());
  }

  std::unique_ptr<Database> database;
  engine::ModelLoader loader;
  engine::ModelCache models;
  engine::EmbeddingCache embeddings;
  search::SearchCaches searches;

  /// Those that were added for a tenant, or for none.
  std::shared_ptr<inference::ObserverList> observers_of(const TenantScope& scope) {
    std::lock_guard lock(mutex);
    auto& list = observers[scope.tenant_id()];
    if (list == nullptr) list = std::make_shared<inference::ObserverList>();
    return list;
  }

  std::mutex mutex;  // guards observers
  std::map<std::optional<std::string>, std::shared_ptr<inference::ObserverList>> observers;
};

/// What one call works with; stays with the tenant that it began for.
class Session::Work {
 public:
  Work(std::shared_ptr<State> state, const TenantScope& scope)
      : state_(std::move(state)),
        scope_(scope),
        database_(state_->database->within(scope)),
        runner_(
            *database_,
            [this](const std::string& written, ModelTask task, std::stop_token stop) {
              return load_task(written, task, std::move(stop));
            },
            state_->observers_of(scope)) {}

  Database& database() { return *database_; }
  inference::Runner& runner() { return runner_; }

  std::shared_ptr<const model::EmbeddingModel> embedder(const std::string& written, MemoryPriority priority,
                                                        std::stop_token stop) {
    return model<model::EmbeddingModel>(written, ModelTask::TextEmbedding, priority, std::move(stop));
  }

  std::shared_ptr<const inference::Task> embedding_task(
      const std::shared_ptr<const model::EmbeddingModel>& embedder) {
    if (auto remote = std::dynamic_pointer_cast<const model::HttpEmbedder>(embedder)) {
      return inference::make_http_embedding_task(std::move(remote), database_->config().inference.batch_size);
    }
    return inference::make_text_embedding_task(
        std::dynamic_pointer_cast<const model::TextEmbedder>(embedder));
  }

  std::shared_ptr<const model::ImageEmbedder> image_embedder(const std::string& written,
                                                             MemoryPriority priority, std::stop_token stop) {
    return model<model::ImageEmbedder>(written, ModelTask::ImageEmbedding, priority, std::move(stop));
  }

  void preload(const std::string& written, ModelTask task, std::stop_token stop) {
    model<model::Model>(written, task, MemoryPriority::Background, std::move(stop));
  }

 private:
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

  /// The model as a user names it; `Loaded` is a class of what the loader gives for the task.
  template <typename Loaded>
  std::shared_ptr<const Loaded> model(const std::string& written, ModelTask task, MemoryPriority priority,
                                      std::stop_token stop) {
    const model::ModelSource source = model::parse_model_source(written);
    auto loaded = state_->models.get(source, task, priority, std::move(stop));
    state_->loader.register_use(source.id, task, scope_);
    return std::dynamic_pointer_cast<const Loaded>(std::move(loaded));
  }

  const std::shared_ptr<State> state_;
  const TenantScope scope_;
  const std::unique_ptr<Database> database_;
  inference::Runner runner_;
};

Session::Session(std::shared_ptr<State> state, std::unique_ptr<Database> database)
    : state_(std::move(state)), database_(std::move(database)) {}

Session::~Session() = default;

std::unique_ptr<Session> Session::open(const Config& config) {
  const auto state = std::make_shared<State>(config);
  // The functions live in the state's database: they must not keep it alive.
  const auto for_tenant = [weak = std::weak_ptr(state)](const TenantScope& scope) {
    const std::shared_ptr<State> open = weak.lock();
    if (open == nullptr) {
      throw Error(ErrorCode::Unavailable, ErrorCategory::None, "the session of the statement is closed");
    }
    const auto work = std::make_shared<Work>(open, scope);
    return engine::FunctionTools{
        .session = std::shared_ptr<Session>(new Session(open, open->database->within(scope))),
        .runner = {work, &work->runner()}};
  };
  engine::add_sql_functions(*state->database, for_tenant);
  return std::unique_ptr<Session>(new Session(state, state->database->within(TenantScope())));
}

std::unique_ptr<Session> Session::with_tenant(const TenantId& tenant) const {
  return std::unique_ptr<Session>(new Session(state_, database_->with_tenant(tenant)));
}

void Session::bind_tenant(const TenantId& tenant) {
  database_->bind_tenant(tenant);
}

void Session::unbind_tenant() {
  database_->unbind_tenant();
}

std::optional<TenantId> Session::tenant() const {
  return database_->tenant();
}

Database& Session::database() noexcept {
  return *database_;
}

EmbeddingSummary Session::generate_text_embeddings(const std::string& source, const std::string& model,
                                                   const std::vector<std::string>& columns,
                                                   const std::string& key, const EmbeddingOptions& options) {
  Work work(state_, database_->scope());
  const auto embedder = work.embedder(model, MemoryPriority::Background, options.stop);
  return embedding::run_embedding_job(work.database(), *work.embedding_task(embedder), embedder->identity(),
                                      {source, columns, key}, work.runner().observers(), options);
}

EmbeddingSummary Session::generate_image_embeddings(const std::string& source, const std::string& model,
                                                    const std::string& image_column, const std::string& key,
                                                    const EmbeddingOptions& options) {
  Work work(state_, database_->scope());
  const auto embedder = work.image_embedder(model, MemoryPriority::Background, options.stop);
  return embedding::run_embedding_job(work.database(), *inference::make_image_embedding_task(embedder),
                                      embedder->identity(), {source, {image_column}, key},
                                      work.runner().observers(), options);
}

std::shared_ptr<arrow::RecordBatchReader> Session::infer(const std::string& source, const std::string& model,
                                                         const std::vector<std::string>& columns,
                                                         ModelTask task, const std::string& key,
                                                         const InferenceOptions& options) {
  Work work(state_, database_->scope());
  return work.runner().infer(work.runner().load(model, task, options.stop), {source, columns, key}, options);
}

void Session::add_observer(std::shared_ptr<InferenceObserver> observer) {
  state_->observers_of(database_->scope())->add(std::move(observer));
}

void Session::remove_observer(const InferenceObserver& observer) {
  std::lock_guard lock(state_->mutex);
  for (const auto& [tenant, list] : state_->observers) list->remove(observer);
}

std::vector<float> Session::encode_text_query(const std::string& model, const std::string& text,
                                              std::stop_token stop) {
  if (text.empty()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Inference, "Empty or null text input");
  }
  const TenantScope scope = database_->scope();
  const auto embedder = Work(state_, scope).embedder(model, MemoryPriority::Interactive, stop);
  return state_->embeddings.embed(*embedder, text, stop, scope);
}

std::vector<float> Session::encode_image_query(const std::string& model, std::span<const std::byte> image,
                                               std::stop_token stop) {
  const image::Image picture = image::decode(image);
  return Work(state_, database_->scope())
      .image_embedder(model, MemoryPriority::Interactive, std::move(stop))
      ->embed(picture);
}

std::vector<float> Session::encode_image_query(const std::string& model, const std::filesystem::path& path,
                                               std::stop_token stop) {
  const image::Image picture = image::decode_file(path.string());
  return Work(state_, database_->scope())
      .image_embedder(model, MemoryPriority::Interactive, std::move(stop))
      ->embed(picture);
}

SearchBuilder Session::search(const std::string& source, std::vector<float> query, size_t k,
                              const SearchOptions& options) {
  const auto work = std::make_shared<Work>(state_, database_->scope());
  return search::begin_search({work, &work->database()}, {work, &work->runner()}, state_->searches, source,
                              std::move(query), k, options);
}

void Session::preload_model(const std::string& model, ModelTask task, std::stop_token stop) {
  Work(state_, database_->scope()).preload(model, task, std::move(stop));
}

std::vector<LoadedModel> Session::loaded_models() const {
  const TenantScope scope = database_->scope();
  std::vector<LoadedModel> models = state_->models.list();
  std::erase_if(models, [&](const LoadedModel& model) {
    return !database_->catalog().models().latest(model.model_id, scope);
  });
  return models;
}

void Session::evict_model(const std::string& model) {
  const TenantScope scope = database_->scope();
  const std::string id = model::parse_model_source(model).id;
  if (!database_->catalog().models().latest(id, scope)) {
    throw model_error(ErrorCode::NotFound, id, "no such model");
  }
  state_->models.evict(id);
  state_->loader.forget_files(id, scope);
}

QueryCacheStatistics Session::cache_statistics() const {
  return {.embedding_cache = state_->embeddings.statistics(),
          .ann_cache = state_->searches.neighbors.statistics()};
}

}  // namespace jammi
