#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "catalog/catalog.h"
#include "sql/engine.h"

namespace jammi::db {

/// Keeps the SQL engine's sources equal to the catalog's, which other processes change too. Thread-safe.
class SourceRegistry {
 public:
  SourceRegistry(std::shared_ptr<catalog::Catalog> catalog, sql::Engine& engine)
      : catalog_(std::move(catalog)), engine_(engine) {}

  /// Adds, replaces and removes what changed in the catalog since the last time. A source whose registration
  /// the engine refuses is logged once and left out.
  void refresh();

 private:
  std::shared_ptr<catalog::Catalog> catalog_;
  sql::Engine& engine_;
  std::mutex mutex_;  // guards shown_
  std::map<std::string, SourceRecord> shown_;
};

}  // namespace jammi::db
