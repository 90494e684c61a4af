#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include <jammi/cache_statistics.h>
#include <jammi/config.h>
#include <jammi/database.h>
#include <jammi/embedding.h>
#include <jammi/inference.h>
#include <jammi/records.h>
#include <jammi/search.h>
#include <jammi/tenant_id.h>

namespace jammi {

/// The whole engine: data plane and models. The one facade behind the command line, the Python package and
/// the server. Thread-safe.
///
/// A session may be bound to a tenant: its calls then see and write what is the tenant's, as those of its
/// Database do. The tenant of a call is the one that is bound when it begins.
class Session {
 public:
  static std::unique_ptr<Session> open(const Config& config);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Another session of the same engine, with its models and caches, which is bound to `tenant`; this one
  /// stays as it is, and either may outlive the other.
  std::unique_ptr<Session> with_tenant(const TenantId& tenant) const;

  /// Binds this session to another tenant, or to none, for the calls that begin from now on.
  void bind_tenant(const TenantId& tenant);
  void unbind_tenant();
  std::optional<TenantId> tenant() const;

  /// Sources, SQL and the catalog, bound to the session's tenant. Lives as long as the session.
  Database& database() noexcept;

  /// Embeds the text of `columns` (joined with one space, nulls skipped) for every row of a source and stores
  /// the vectors in a new result table keyed by `key`. Rows without text are counted, not stored. A stop
  /// request leaves the table failed and throws Cancelled.
  EmbeddingSummary generate_text_embeddings(const std::string& source, const std::string& model,
                                            const std::vector<std::string>& columns, const std::string& key,
                                            const EmbeddingOptions& options = {});

  /// Embeds the images of a column for every row of a source, as `generate_text_embeddings` does texts. The
  /// column holds the bytes of PNG, JPEG, TIFF or WebP files (binary) or the paths of such files (text);
  /// InvalidArgument for one of another type. Rows whose image cannot be read are counted, not stored;
  /// `infer` with ModelTask::ImageEmbedding says why.
  EmbeddingSummary generate_image_embeddings(const std::string& source, const std::string& model,
                                             const std::string& image_column, const std::string& key,
                                             const EmbeddingOptions& options = {});

  /// Runs a model over the text of `columns` (joined with one space, nulls skipped) for every row of a source
  /// and streams the results, keeping nothing: `_row_id` (the text of `key`), `_source`, `_model`, `_status`
  /// ("ok" or "error"), `_error`, `_latency_ms` and the task's columns, in scan order, `inference.batch_size`
  /// rows a batch:
  ///
  ///   text_embedding   vector
  ///   classification   label, confidence, all_scores_json (an object of every label's probability)
  ///   ner              entities (an array of {text, label, start, end, confidence}, positions in code
  ///   points)
  ///
  /// A row without text or key is an error row; it does not end the stream. Unknown names: NotFound; a model
  /// or a task that cannot be: Unsupported. Reads fail as those of `Database::sql` do, with Cancelled after a
  /// stop request; the reader must not outlive the session.
  std::shared_ptr<arrow::RecordBatchReader> infer(const std::string& source, const std::string& model,
                                                  const std::vector<std::string>& columns, ModelTask task,
                                                  const std::string& key,
                                                  const InferenceOptions& options = {});

  /// Shows the output of the inferences of the tenant that is bound now (without one: those without one) to
  /// `observer`, from their next batch on.
  void add_observer(std::shared_ptr<InferenceObserver> observer);

  /// Forgets an observer; a call of it that is under way finishes.
  void remove_observer(const InferenceObserver& observer);

  /// The unit-length embedding of one text; those of the texts used last are remembered. Throws
  /// InvalidArgument for empty text, Cancelled on a stop request while the model is fetched.
  std::vector<float> encode_text_query(const std::string& model, const std::string& text,
                                       std::stop_token stop = {});

  /// The unit-length embedding of one image: the bytes of a PNG, JPEG, TIFF or WebP file. It has the same
  /// space as `encode_text_query` of the same OpenCLIP model. Throws Inference errors that say what is wrong
  /// with the file, Cancelled on a stop request while the model is fetched.
  std::vector<float> encode_image_query(const std::string& model, std::span<const std::byte> image,
                                        std::stop_token stop = {});

  /// The same of the file at `path`. Throws Io errors naming it when it cannot be read.
  std::vector<float> encode_image_query(const std::string& model, const std::filesystem::path& path,
                                        std::stop_token stop = {});

  /// Starts a search for the k rows of `source` nearest to `query`. With a filter, the k nearest of the rows
  /// that meet it are found: k rows come back whenever k rows meet it. Throws Catalog NotFound when the
  /// source has no ready embedding table, InvalidArgument when the query's width differs from the table's,
  /// when it holds NaN, or ("Filter parse: ...") when the filter is no condition over the source's columns.
  SearchBuilder search(const std::string& source, std::vector<float> query, size_t k,
                       const SearchOptions& options = {});

  /// Loads a model for a task ahead of its first use. Throws Model errors, Cancelled on a stop request while
  /// it is fetched.
  void preload_model(const std::string& model, ModelTask task = ModelTask::TextEmbedding,
                     std::stop_token stop = {});

  /// The models in memory that the tenant has used or that are everybody's, the one used last first. A model
  /// is loaded by its first use and stays, as long as `inference.max_loaded_models` and the memory allow; one
  /// in use always does.
  std::vector<LoadedModel> loaded_models() const;

  /// Makes a model's next use like its first: drops it from memory and forgets where its files were found.
  /// They stay, as does its row in the catalog. Throws Conflict while it is in use, NotFound for a model that
  /// the catalog does not show to the tenant.
  void evict_model(const std::string& model);

  /// How the caches of the configuration's [cache] section have done.
  QueryCacheStatistics cache_statistics() const;

 private:
  struct State;
  class Work;
  Session(std::shared_ptr<State> state, std::unique_ptr<Database> database);
  std::shared_ptr<State> state_;
  std::unique_ptr<Database> database_;
};

}  // namespace jammi
