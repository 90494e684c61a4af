#include "storage/result_store.h"

#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include <jammi/error.h>

#include "base/log.h"
#include "storage/table_files.h"

namespace jammi::storage {
namespace {

using catalog::TenantScope;

void check_definition(const TableDefinition& definition) {
  if (definition.dimensions == 0) {
    throw Error(
        ErrorCode::InvalidArgument, ErrorCategory::Storage,
        "a result table needs vectors of at least one dimension, for source: " + definition.source_id);
  }
  if (definition.task != ModelTask::TextEmbedding && definition.task != ModelTask::ImageEmbedding) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Storage,
                "a result table cannot hold vectors of task: " + std::string(to_string(definition.task)));
  }
}

}  // namespace

ResultStore::ResultStore(std::shared_ptr<io::FileSystem> files, std::string root,
                         std::shared_ptr<catalog::Catalog> catalog)
    : files_(std::move(files)), root_(std::move(root)), catalog_(std::move(catalog)) {
  files_->create_directories(root_);
}

std::string ResultStore::file_path(const std::string& table_name, std::string_view extension) const {
  return root_ + "/" + table_name + "." + std::string(extension);
}

std::unique_ptr<ResultTableWriter> ResultStore::create(TableDefinition definition,
                                                       const std::optional<std::string>& tenant_id) {
  check_definition(definition);
  ResultTableRecord table;
  table.table_name = make_table_name(definition);
  table.source_id = definition.source_id;
  table.model_id = definition.model.id;
  table.task = definition.task;
  table.parquet_path = file_path(table.table_name, "parquet");
  table.index_path = root_ + "/" + table.table_name;
  table.dimensions = definition.dimensions;
  table.key_column = definition.key_column;
  table.text_columns = definition.text_columns;
  table.created_at = catalog::timestamp_now();
  table.tenant_id = tenant_id;

  std::unique_ptr<io::FileLock> lock = files_->try_lock(file_path(table.table_name, "lock"));
  if (!lock) {
    throw Error(ErrorCode::Conflict, ErrorCategory::Storage,
                "another process writes a result table of this name: " + table.table_name);
  }
  return std::make_unique<ResultTableWriter>(files_, catalog_, std::move(table), std::move(definition),
                                             std::move(lock));
}

std::unique_ptr<ResultTableReader> ResultStore::open(const ResultTableRecord& table) const {
  return std::make_unique<ResultTableReader>(*files_, table.parquet_path);
}

bool ResultStore::is_own(const ResultTableRecord& table) const {
  const std::filesystem::path own = file_path(table.table_name, "parquet");
  return std::filesystem::path(table.parquet_path).lexically_normal() == own.lexically_normal();
}

ResultStore::Recovery ResultStore::recover(const RebuildIndex& rebuild_index) {
  Recovery recovery;
  for (const ResultTableRecord& table : catalog_->result_tables().list(TenantScope::everything())) {
    if (table.status != ResultTableStatus::Building || !is_own(table)) continue;
    const std::unique_ptr<io::FileLock> lock = files_->try_lock(file_path(table.table_name, "lock"));
    if (!lock) continue;
    // Its writer may have finished between the listing and the lock.
    const auto current = catalog_->result_tables().find(table.table_name, TenantScope::everything());
    if (current && current->status == ResultTableStatus::Building)
      recover_table(*current, rebuild_index, recovery);
    files_->remove(file_path(table.table_name, "lock"));
  }
  remove_leftovers();
  return recovery;
}

void ResultStore::recover_table(const ResultTableRecord& table, const RebuildIndex& rebuild_index,
                                Recovery& recovery) {
  uint64_t num_rows = 0;
  try {
    num_rows = open(table)->num_rows();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::NotFound && error.code() != ErrorCode::DataCorruption) throw;
    log::warn("result table " + table.table_name + " failed: it was left incomplete: " + error.what());
    remove_table_files(*files_, root_, table.table_name);
    catalog_->result_tables().mark_failed(table.table_name);
    ++recovery.num_failed;
    return;
  }
  try {
    rebuild_index(table);
  } catch (const Error& error) {
    log::warn("result table " + table.table_name + " has no index, search will be exact: " + error.what());
  }
  catalog_->result_tables().mark_ready(table.table_name, static_cast<int64_t>(num_rows));
  ++recovery.num_promoted;
}

void ResultStore::remove_leftovers() {
  std::map<std::string, ResultTableStatus, std::less<>> statuses;
  for (const ResultTableRecord& table : catalog_->result_tables().list(TenantScope::everything()))
    statuses[table.table_name] = table.status;

  std::set<std::string> tables;  // with something to remove, unless a live process holds their lock
  for (const std::string& file : files_->list(root_)) {
    const std::string_view table = table_of_file(file);
    const auto status = statuses.find(table);
    const bool has_failed = status != statuses.end() && status->second == ResultTableStatus::Failed;
    if (has_failed || file.ends_with(kTemporarySuffix) || file.ends_with(kLockSuffix)) tables.emplace(table);
  }
  for (const std::string& table : tables) {
    const std::unique_ptr<io::FileLock> lock = files_->try_lock(file_path(table, "lock"));
    if (!lock) continue;
    const auto current = catalog_->result_tables().find(table, TenantScope::everything());
    if (current && current->status == ResultTableStatus::Failed) remove_table_files(*files_, root_, table);
    remove_temporary_files(table);
    files_->remove(file_path(table, "lock"));
  }
}

void ResultStore::remove_temporary_files(const std::string& table_name) {
  for (const std::string& file : files_->list(root_)) {
    if (table_of_file(file) == table_name && file.ends_with(kTemporarySuffix))
      files_->remove(root_ + "/" + file);
  }
}

void ResultStore::remove_tables_of(const std::string& source_id) {
  for (const ResultTableRecord& table : catalog_->result_tables().mark_source_failed(source_id)) {
    const std::unique_ptr<io::FileLock> lock = files_->try_lock(file_path(table.table_name, "lock"));
    // Its writer will find the table failed and remove the files; until then the row keeps track of them.
    if (!lock) continue;
    remove_table_files(*files_, root_, table.table_name);
    catalog_->result_tables().remove(table.table_name);
    files_->remove(file_path(table.table_name, "lock"));
  }
}

}  // namespace jammi::storage
