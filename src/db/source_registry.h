#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
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

  /// The source as the catalog has it now. NotFound where there is none or the scope does not see it.
  SourceRecord get(const std::string& id, const catalog::TenantScope& scope);

 private:
  void refresh_locked();

  std::shared_ptr<catalog::Catalog> catalog_;
  sql::Engine& engine_;
  std::mutex mutex_;  // guards what follows
  std::map<std::string, SourceRecord> shown_;
  std::optional<int64_t> shown_version_;  // of the catalog; none if it has none
};

}  // namespace jammi::db
