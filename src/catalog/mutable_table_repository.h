#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jammi/mutable_table.h>

#include "catalog/connection_pool.h"
#include "catalog/tenant_scope.h"

namespace jammi::catalog {

/// A WHERE term with the parameters that `bind_registration` binds: a table is still registered as it was,
/// and visible.
inline constexpr char kIsRegistered[] =
    "EXISTS (SELECT 1 FROM mutable_tables WHERE id = ? AND schema_json = ? AND primary_key = ? AND "
    "(? OR tenant_id IS NULL OR tenant_id = ?))";

void bind_registration(Statement& statement, const MutableTableDefinition& table, const TenantScope& scope);

/// The mutable tables and the physical tables behind them, which lie in the catalog's database under the same
/// name: the columns as declared, then `tenant_id`. Thread-safe; borrows the catalog's pool.
///
/// Errors have the MutableTable category; "backend: ..." is what the database found wrong.
class MutableTableRepository {
 public:
  explicit MutableTableRepository(ConnectionPool& pool) : pool_(pool) {}

  /// Registers a table for the scope's tenant and makes its physical table and indexes, all or nothing.
  /// InvalidArgument for a definition that breaks a rule, AlreadyExists for a known id or index name.
  void add(MutableTableDefinition definition, const TenantScope& scope = {});

  /// Drops the table with its rows. NotFound if the scope sees none of this id, a Tenant error when a tenant
  /// drops one that is everybody's, Conflict while a topic keeps its events in it.
  void remove(const std::string& id, const TenantScope& scope = {});

  /// The scope's own tables, ordered by id: not those of nobody that a tenant sees.
  std::vector<MutableTableDefinition> list(const TenantScope& scope = {}) const;

  /// The table of that id, whoever owns it: only its rows are a tenant's. The connection is the caller's, so
  /// that a transaction sees what it may.
  static std::optional<MutableTableDefinition> find(Connection& connection, const std::string& id);

 private:
  ConnectionPool& pool_;
};

}  // namespace jammi::catalog
