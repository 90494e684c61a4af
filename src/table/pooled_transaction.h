#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "catalog/connection.h"
#include "catalog/connection_pool.h"
#include "catalog/tenant_scope.h"
#include "sql/mutable_store.h"
#include "table/known_tables.h"
#include "table/write_turn.h"

namespace jammi::table {

/// A transaction of the catalog's database on a connection of its own.
class PooledTransaction final : public sql::StoreTransaction {
 public:
  /// Without `turn` it only reads. Tables that it finds on PostgreSQL become `known`.
  PooledTransaction(catalog::ConnectionPool& pool, WriteTurn* turn, KnownTables& known,
                    catalog::TenantScope scope);

  std::optional<MutableTableDefinition> find(const std::string& id) override;
  std::unique_ptr<sql::RowCursor> scan(const MutableTableDefinition& table, std::span<const size_t> columns,
                                       std::span<const sql::Condition> conditions) override;
  std::unique_ptr<sql::RowWriter> insert(const MutableTableDefinition& table) override;
  std::unique_ptr<sql::RowWriter> update(const MutableTableDefinition& table,
                                         std::span<const size_t> columns) override;
  std::unique_ptr<sql::RowWriter> remove(const MutableTableDefinition& table) override;
  void commit() override;

  /// All columns of the rows whose order column is greater than `after`, ascending, `limit` at most.
  std::unique_ptr<sql::RowCursor> replay(const MutableTableDefinition& table, int64_t after,
                                         std::optional<uint64_t> limit);

 private:
  const HeldTurn turn_;
  KnownTables& known_;
  catalog::ConnectionPool::Lease connection_;
  catalog::Transaction transaction_;
  const catalog::TenantScope scope_;
};

}  // namespace jammi::table
