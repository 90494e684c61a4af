#include "catalog/result_table_repository.h"

#include <chrono>
#include <format>

#include <jammi/error.h>

#include "catalog/tenant_filter.h"

namespace jammi::catalog {
namespace {

const std::string kColumns =
    "table_name, source_id, model_id, task, parquet_path, index_path, dimensions, distance_metric, "
    "row_count, "
    "status, key_column, text_columns, created_at, completed_at, tenant_id";

const std::string kSelect = "SELECT " + kColumns + " FROM result_tables ";

std::string joined(const std::vector<std::string>& columns) {
  std::string text;
  for (const std::string& column : columns) text += (text.empty() ? "" : ",") + column;
  return text;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> columns;
  for (size_t start = 0; start < text.size();) {
    const size_t comma = std::min(text.find(',', start), text.size());
    columns.push_back(text.substr(start, comma - start));
    start = comma + 1;
  }
  return columns;
}

ResultTableRecord read_table(const Statement& row) {
  ResultTableRecord table;
  table.table_name = row.text(0);
  table.source_id = row.text(1);
  table.model_id = row.text(2);
  table.parquet_path = row.text(4);
  table.index_path = row.optional_text(5);
  table.dimensions = row.optional_integer(6);
  table.distance_metric = row.text(7);
  table.row_count = row.integer(8);
  table.key_column = row.optional_text(10);
  table.text_columns = split(row.text(11));
  table.created_at = row.text(12);
  table.completed_at = row.optional_text(13);
  table.tenant_id = row.optional_text(14);
  try {
    table.task = parse_model_task(row.text(3));
    table.status = parse_result_table_status(row.text(9));
  } catch (const Error& error) {
    throw Error(ErrorCode::DataCorruption, ErrorCategory::Catalog,
                "the row of result table '" + table.table_name + "' cannot be read: " + error.message());
  }
  return table;
}

std::vector<ResultTableRecord> read_all(Statement& select) {
  std::vector<ResultTableRecord> tables;
  while (select.step()) tables.push_back(read_table(select));
  return tables;
}

}  // namespace

std::string timestamp_now() {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  return std::format("{:%FT%TZ}", now);
}

void ResultTableRepository::insert_building(const ResultTableRecord& table) {
  auto lease = pool_.lease();
  Statement insert(*lease, "INSERT INTO result_tables (" + kColumns +
                               ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 'building', ?, ?, ?, NULL, ?)");
  insert.bind(std::string_view(table.table_name)).bind(std::string_view(table.source_id));
  insert.bind(std::string_view(table.model_id)).bind(to_string(table.task));
  insert.bind(std::string_view(table.parquet_path)).bind(table.index_path).bind(table.dimensions);
  insert.bind(std::string_view(table.distance_metric)).bind(table.key_column);
  insert.bind(std::string_view(joined(table.text_columns))).bind(std::string_view(table.created_at));
  insert.bind(table.tenant_id).run();
}

ResultTableRecord ResultTableRepository::mark_ready(const std::string& table_name, int64_t row_count) {
  auto lease = pool_.lease();
  Statement update(*lease,
                   "UPDATE result_tables SET status = 'ready', row_count = ?, completed_at = ? "
                   "WHERE table_name = ? AND status = 'building' RETURNING " +
                       kColumns);
  update.bind(row_count).bind(std::string_view(timestamp_now())).bind(std::string_view(table_name));
  if (!update.step()) {
    throw Error(ErrorCode::Conflict, ErrorCategory::Catalog,
                "the result table was removed while it was being written: " + table_name);
  }
  ResultTableRecord table = read_table(update);
  update.run();
  return table;
}

void ResultTableRepository::mark_failed(const std::string& table_name) {
  auto lease = pool_.lease();
  Statement update(*lease,
                   "UPDATE result_tables SET status = 'failed' WHERE table_name = ? AND status = 'building'");
  update.bind(std::string_view(table_name)).run();
}

std::vector<ResultTableRecord> ResultTableRepository::mark_source_failed(const std::string& source_id) {
  auto lease = pool_.lease();
  Statement update(*lease,
                   "UPDATE result_tables SET status = 'failed' WHERE source_id = ? "
                   "RETURNING " +
                       kColumns);
  update.bind(std::string_view(source_id));
  std::vector<ResultTableRecord> tables = read_all(update);
  // Files are removed next: were this change lost in a power cut, the catalog would offer tables without
  // files.
  lease->make_durable();
  return tables;
}

void ResultTableRepository::remove(const std::string& table_name) {
  auto lease = pool_.lease();
  Statement(*lease, "DELETE FROM result_tables WHERE table_name = ?")
      .bind(std::string_view(table_name))
      .run();
}

std::optional<ResultTableRecord> ResultTableRepository::find(const std::string& table_name,
                                                             const TenantScope& scope) const {
  auto lease = pool_.lease();
  Statement select(*lease, kSelect + "WHERE table_name = ? AND " + kIsVisible);
  bind_scope(select.bind(std::string_view(table_name)), scope);
  if (!select.step()) return std::nullopt;
  return read_table(select);
}

ResultTableRecord ResultTableRepository::get(const std::string& table_name, const TenantScope& scope) const {
  std::optional<ResultTableRecord> table = find(table_name, scope);
  if (!table) {
    throw Error(ErrorCode::NotFound, ErrorCategory::Catalog, "Result table '" + table_name + "' not found");
  }
  return *std::move(table);
}

std::vector<ResultTableRecord> ResultTableRepository::list(const TenantScope& scope) const {
  auto lease = pool_.lease();
  Statement select(*lease, kSelect + "WHERE " + kIsVisible + " ORDER BY created_at, rowid");
  bind_scope(select, scope);
  return read_all(select);
}

ResultTableRecord ResultTableRepository::latest_ready_embedding(const std::string& source_id,
                                                                const TenantScope& scope) const {
  auto lease = pool_.lease();
  Statement select(*lease, kSelect +
                               "WHERE source_id = ? AND status = 'ready' "
                               "AND task IN ('text_embedding', 'image_embedding') AND " +
                               kIsVisible + " ORDER BY created_at DESC, rowid DESC LIMIT 1");
  bind_scope(select.bind(std::string_view(source_id)), scope);
  if (!select.step()) {
    throw Error(ErrorCode::NotFound, ErrorCategory::Catalog,
                "No ready embedding table for source '" + source_id + "'");
  }
  return read_table(select);
}

}  // namespace jammi::catalog
