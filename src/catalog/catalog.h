#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "catalog/channel_repository.h"
#include "catalog/connection_pool.h"
#include "catalog/model_repository.h"
#include "catalog/mutable_table_repository.h"
#include "catalog/result_table_repository.h"
#include "catalog/source_repository.h"

namespace jammi::catalog {

struct CatalogOptions {
  size_t pool_size = 8;
  std::chrono::milliseconds busy_timeout{5000};  ///< for locks and for a connection of the pool
  std::optional<std::chrono::seconds> max_lifetime = std::nullopt;  ///< of a connection
};

/// The engine's catalog, in a SQLite file or on a PostgreSQL server (docs/formats/catalog.md). Safe for
/// several threads and several processes at once. Error codes are those of `Connection`.
class Catalog {
 public:
  /// Opens `file`, making it and its directory if needed, and migrates it. Throws DataCorruption for a file
  /// that is no database, InvalidArgument where nothing can be written, Unsupported for a newer catalog.
  static std::shared_ptr<Catalog> open(const std::filesystem::path& file, const CatalogOptions& options = {});

  /// Connects to the PostgreSQL database of `url` and migrates its schema `public` (or the first of its
  /// search path). Throws as `connect_postgres`, Unsupported for a newer catalog.
  static std::shared_ptr<Catalog> connect(const std::string& url, const CatalogOptions& options = {});

  Backend backend() const { return watch_ ? Backend::Sqlite : Backend::Postgres; }

  /// Differs from an earlier one once anything was committed since, by this process or another; none where
  /// asking costs as much as reading what may have changed (PostgreSQL).
  std::optional<int64_t> version();

  /// Throws Unavailable (or what the file's state calls for) unless a trivial query works.
  void ping();

  SourceRepository& sources() { return sources_; }
  ModelRepository& models() { return models_; }
  ResultTableRepository& result_tables() { return result_tables_; }
  ChannelRepository& channels() { return channels_; }
  MutableTableRepository& mutable_tables() { return mutable_tables_; }

  /// For layers that keep their own tables in the catalog.
  ConnectionPool& pool() { return pool_; }

 private:
  static std::shared_ptr<Catalog> open(ConnectionPool::Options options);
  explicit Catalog(ConnectionPool::Options options) : pool_(std::move(options)) {}

  ConnectionPool pool_;
  std::mutex watch_mutex_;             // guards watch_
  std::unique_ptr<Connection> watch_;  // to a file; never writes, so that every change is one of others
  SourceRepository sources_{pool_};
  ModelRepository models_{pool_};
  ResultTableRepository result_tables_{pool_};
  ChannelRepository channels_{pool_};
  MutableTableRepository mutable_tables_{pool_};
};

}  // namespace jammi::catalog
