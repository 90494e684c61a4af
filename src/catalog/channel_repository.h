#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <jammi/records.h>

#include "catalog/connection_pool.h"
#include "catalog/tenant_scope.h"

namespace jammi::catalog {

/// The provenance channels. They only grow: nothing here drops or changes a channel or a column. A call that
/// throws has stored nothing, also beside other processes. Thread-safe; borrows the catalog's pool.
///
/// Errors have the Channel category: InvalidArgument for an id that is not [a-z][a-z0-9_]{0,63} or a column
/// name that no result could have, AlreadyExists for a known channel or column, NotFound for an unknown
/// channel.
class ChannelRepository {
 public:
  explicit ChannelRepository(ConnectionPool& pool) : pool_(pool) {}

  /// Adds a channel for the scope's tenant. Ids are unique across tenants.
  void add(const std::string& id, int32_t priority, const std::vector<ChannelColumn>& columns,
           const TenantScope& scope = {});

  /// Appends columns behind those that the channel has. A bound tenant extends only its own channels; the
  /// built-in ones have the columns that the engine fills (InvalidArgument).
  void add_columns(const std::string& id, const std::vector<ChannelColumn>& columns,
                   const TenantScope& scope = {});

  /// Visible channels ordered by priority and id.
  std::vector<ChannelRecord> list(const TenantScope& scope = {}) const;

 private:
  ConnectionPool& pool_;
};

}  // namespace jammi::catalog
