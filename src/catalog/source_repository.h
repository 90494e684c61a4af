#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <jammi/records.h>

#include "catalog/connection_pool.h"
#include "catalog/tenant_scope.h"

namespace jammi::catalog {

/// The registered sources. Thread-safe; borrows the catalog's pool.
class SourceRepository {
 public:
  explicit SourceRepository(ConnectionPool& pool) : pool_(pool) {}

  /// Registers a source for the scope's tenant and returns the stored record. Ids are unique across tenants:
  /// throws source_error(AlreadyExists, "Source already registered").
  SourceRecord add(const std::string& id, SourceType type, const SourceConnection& connection,
                   const TenantScope& scope = {});

  /// Throws source_error(NotFound, "Source not found").
  SourceRecord get(const std::string& id, const TenantScope& scope = {}) const;
  std::optional<SourceRecord> find(const std::string& id, const TenantScope& scope = {}) const;

  /// Visible sources ordered by id.
  std::vector<SourceRecord> list(const TenantScope& scope = {}) const;

  /// Changes one option of a source's connection; no value removes it. Throws source_error(NotFound, "Source
  /// not found").
  void set_option(const std::string& id, const std::string& name, const std::optional<std::string>& value,
                  const TenantScope& scope = {});

  /// Changes a source's URL. Throws source_error(NotFound, "Source not found").
  void set_url(const std::string& id, const std::string& url, const TenantScope& scope = {});

  /// Removes the row only; result tables are the result store's. A bound tenant removes only its own sources.
  /// Throws source_error(NotFound, "Source not found").
  void remove(const std::string& id, const TenantScope& scope = {});

 private:
  void change(const std::string& id, const TenantScope& scope,
              const std::function<void(SourceConnection&)>& change);

  ConnectionPool& pool_;
};

}  // namespace jammi::catalog
