#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <jammi/config.h>
#include <jammi/database.h>
#include <jammi/embedding.h>
#include <jammi/records.h>
#include <jammi/search.h>

namespace jammi {

struct SearchOptions {
  std::string table;  ///< result table to search; empty: the latest ready one of the source
};

/// The whole engine: data plane and models. The one facade behind the command line, the Python package and
/// the server. Thread-safe.
class Session {
 public:
  static std::unique_ptr<Session> open(const Config& config);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Sources, SQL and the catalog.
  Database& database() noexcept;

  /// Embeds the text of `columns` (joined with one space, nulls skipped) for every row of a source and stores
  /// the vectors in a new result table keyed by `key`. Rows without text are counted, not stored. A stop
  /// request leaves the table failed and throws Cancelled.
  EmbeddingSummary generate_text_embeddings(const std::string& source, const std::string& model,
                                            const std::vector<std::string>& columns, const std::string& key,
                                            const EmbeddingOptions& options = {});

  /// The unit-length embedding of one text. Throws InvalidArgument for empty text, Cancelled on a stop request
  /// while the model is fetched.
  std::vector<float> encode_text_query(const std::string& model, const std::string& text,
                                       std::stop_token stop = {});

  /// Starts a search for the k rows of `source` nearest to `query`. Throws Catalog NotFound when the source
  /// has no ready embedding table, InvalidArgument when the query's width differs from the table's or it
  /// holds NaN.
  SearchBuilder search(const std::string& source, std::vector<float> query, size_t k,
                       const SearchOptions& options = {});

  /// Loads a model ahead of its first use. Throws Cancelled on a stop request while it is fetched.
  void preload_model(const std::string& model, std::stop_token stop = {});

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace jammi
