#pragma once

#include <optional>
#include <string>
#include <vector>

#include <jammi/records.h>

#include "catalog/connection_pool.h"
#include "catalog/tenant_scope.h"

namespace jammi::catalog {

/// The rows behind result tables. Thread-safe; borrows the catalog's pool. `storage::ResultStore` owns the
/// transitions building -> ready and building -> failed; other layers read.
class ResultTableRepository {
 public:
  explicit ResultTableRepository(ConnectionPool& pool) : pool_(pool) {}

  /// Inserts `table` with status building as given, tenant included. Throws AlreadyExists when the name is
  /// taken.
  void insert_building(const ResultTableRecord& table);

  /// Moves a building table to ready, stamping completed_at, and returns its record. Throws Conflict when the
  /// table is not building: its source was removed meanwhile.
  ResultTableRecord mark_ready(const std::string& table_name, int64_t row_count);

  /// Moves a building table to failed. Does nothing when the table is not building.
  void mark_failed(const std::string& table_name);

  /// Moves all tables of a source to failed, durably, and returns them: the first step of removing them.
  std::vector<ResultTableRecord> mark_source_failed(const std::string& source_id);

  void remove(const std::string& table_name);

  /// Throws Catalog NotFound "Result table '<name>' not found".
  ResultTableRecord get(const std::string& table_name, const TenantScope& scope = {}) const;
  std::optional<ResultTableRecord> find(const std::string& table_name, const TenantScope& scope = {}) const;

  /// Visible tables, oldest first.
  std::vector<ResultTableRecord> list(const TenantScope& scope = {}) const;

  /// The newest ready embedding table of a source by created_at, the later insertion winning a tie. Throws
  /// Catalog NotFound "No ready embedding table for source '<id>'".
  ResultTableRecord latest_ready_embedding(const std::string& source_id, const TenantScope& scope = {}) const;

 private:
  ConnectionPool& pool_;
};

/// The current UTC time as the catalog stores it in result tables: 2026-03-25T12:00:00.123Z.
std::string timestamp_now();

}  // namespace jammi::catalog
