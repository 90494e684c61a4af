#include "search/row_filter.h"

#include <algorithm>
#include <utility>

#include <arrow/array/array_binary.h>
#include <arrow/record_batch.h>

#include <jammi/error.h>

#include "base/hash.h"
#include "catalog/tenant_scope.h"
#include "db/find_table.h"
#include "search/columns.h"
#include "sql/engine.h"
#include "sql/quoting.h"

namespace jammi::search {
namespace {

/// The keys, as text, of the source's rows that meet a condition.
std::string keys_query(Database& database, const ResultTableRecord& table, const std::string& expression) {
  return "SELECT CAST(" + sql::quote_identifier(table.key_column.value()) + " AS VARCHAR) FROM " +
         table_path(database, table.source_id, embedded_columns(table)) + " WHERE (" + expression + ")";
}

}  // namespace

RowPredicate parse_row_predicate(Database& database, const ResultTableRecord& table,
                                 const std::string& text) {
  try {
    RowPredicate predicate{.text = text, .expression = database.parse_expression(text)};
    predicate.is_repeatable = database.is_repeatable(keys_query(database, table, predicate.expression));
    return predicate;
  } catch (const Error& error) {
    throw Error(error.code(), error.category(), "Filter parse: " + error.message());
  }
}

std::optional<std::string> RowFilter::digest(const Database& database, const ResultTableRecord& table,
                                             const RowPredicate& predicate) {
  if (!predicate.is_repeatable) return std::nullopt;
  const std::string fingerprint = database.source_fingerprint(table.source_id);
  if (fingerprint.empty()) return std::nullopt;
  base::Sha256 hash;
  hash.update(fingerprint + '\n');
  const catalog::TenantScope scope = database.scope();
  hash.update((scope.sees_everything() ? "everything" : scope.tenant_id().value_or("")) + '\n');
  hash.update(database.source_tenant_column(table.source_id).value_or("") + '\n');
  hash.update(predicate.expression);
  return hash.finish();
}

RowPredicate all_visible_rows() {
  return {.text = "rows of this tenant", .expression = "true", .is_repeatable = true};
}

bool RowFilter::has_hidden_rows(Database& database, const ResultTableRecord& table) {
  if (database.source_tenant_column(table.source_id)) return true;
  const std::string fingerprint = database.source_fingerprint(table.source_id);
  std::lock_guard lock(mutex_);
  if (!fingerprint.empty() && fingerprint == shape_fingerprint_) return has_tenant_column_;
  const TableDescription described = db::find_table(database, table.source_id, embedded_columns(table));
  has_tenant_column_ = std::ranges::any_of(described.columns, [](const ColumnDescription& column) {
    return sql::is_same_name(column.name, sql::kTenantColumn);
  });
  shape_fingerprint_ = fingerprint;
  return has_tenant_column_;
}

MatchingRows RowFilter::matching_rows(Database& database, const ResultTableRecord& table,
                                      const RowPredicate& predicate, std::stop_token stop) {
  const std::optional<std::string> before = digest(database, table, predicate);
  if (before) {
    if (auto answer = answers_.find(*before)) return {answer, before};
  }
  auto answer = std::make_shared<const index::RowSet>(ask(database, table, predicate, std::move(stop)));
  // A source that changed meanwhile may have given rows of both its states.
  if (!before || digest(database, table, predicate) != before) return {answer, std::nullopt};
  answers_.insert(*before, answer, /*cost=*/1);
  return {answer, before};
}

index::RowSet RowFilter::ask(Database& database, const ResultTableRecord& table,
                             const RowPredicate& predicate, std::stop_token stop) {
  index::RowSet rows(index_->size());
  index::RowLookup::Collector collector(lookup(), rows);
  const auto reader = database.sql(keys_query(database, table, predicate.expression), std::move(stop));
  std::shared_ptr<arrow::RecordBatch> batch;
  while (throw_if_error(reader->ReadNext(&batch)), batch != nullptr) {
    const auto& keys = static_cast<const arrow::StringArray&>(*batch->column(0));
    for (int64_t i = 0; i < keys.length(); ++i)
      if (!keys.IsNull(i)) collector.add(keys.GetView(i));
  }
  return rows;
}

const index::RowLookup& RowFilter::lookup() {
  std::call_once(lookup_is_made_, [this] { lookup_.emplace(index_->row_ids(), index_->size()); });
  return *lookup_;
}

}  // namespace jammi::search
