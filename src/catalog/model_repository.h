#pragma once

#include <optional>
#include <string>
#include <vector>

#include <jammi/records.h>

#include "catalog/connection_pool.h"
#include "catalog/tenant_scope.h"

namespace jammi::catalog {

/// The models the engine has resolved. Thread-safe; borrows the catalog's pool.
class ModelRepository {
 public:
  explicit ModelRepository(ConnectionPool& pool) : pool_(pool) {}

  /// Inserts the model or updates the row of the same name and version; timestamps and tenant of `model` are
  /// ignored. A fine-tuned model's row is never turned into another type, whatever `model.type` says. A model
  /// that a second tenant registers becomes visible to all.
  void upsert(const ModelRecord& model, const TenantScope& scope = {});

  /// The highest version of `name`, if one is visible.
  std::optional<ModelRecord> latest(const std::string& name, const TenantScope& scope = {}) const;

  /// Visible models ordered by name and version.
  std::vector<ModelRecord> list(const TenantScope& scope = {}) const;

 private:
  ConnectionPool& pool_;
};

}  // namespace jammi::catalog
