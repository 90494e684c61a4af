#include "search/search_builder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <arrow/table.h>

#include <jammi/error.h>

#include "catalog/catalog.h"
#include "search/hydration.h"
#include "search/result_assembly.h"
#include "sql/quoting.h"
#include "storage/result_store.h"

namespace jammi {
namespace {

TableDescription source_table(const SearchBuilder::Plan& plan) {
  return plan.database.describe_source(plan.table.source_id).at(0);
}

std::vector<std::string> names_of(const TableDescription& table) {
  std::vector<std::string> names;
  for (const ColumnDescription& column : table.columns) names.push_back(column.name);
  return names;
}

std::vector<std::string> current_columns(const SearchBuilder::Plan& plan) {
  return plan.selected.empty() ? search::result_columns(names_of(source_table(plan))) : plan.selected;
}

void check_column(const std::vector<std::string>& columns, const std::string& column, std::string_view step) {
  if (!std::ranges::contains(columns, column)) {
    throw Error(ErrorCode::NotFound, ErrorCategory::Sql,
                std::string(step) + " column '" + column + "': not a column of the search");
  }
}

/// Binding against no rows finds unknown columns and wrong types before anything runs.
void check_filter_binds(const SearchBuilder::Plan& plan, const search::StepList& steps) {
  const TableDescription table = source_table(plan);
  const std::string path = sql::quote_path({plan.table.source_id, "public", table.name});
  plan.database.sql(steps.apply(search::empty_hits_query(path, names_of(table))));
}

}  // namespace

SearchBuilder::SearchBuilder(std::unique_ptr<Plan> plan) : plan_(std::move(plan)) {}
SearchBuilder::~SearchBuilder() = default;
SearchBuilder::SearchBuilder(SearchBuilder&&) noexcept = default;
SearchBuilder& SearchBuilder::operator=(SearchBuilder&&) noexcept = default;

SearchBuilder::Plan& SearchBuilder::open_plan() {
  if (plan_->is_consumed) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::None, "SearchBuilder already consumed by run()");
  }
  return *plan_;
}

SearchBuilder& SearchBuilder::filter(const std::string& predicate) {
  Plan& plan = open_plan();
  try {
    search::StepList steps = plan.steps;
    steps.filter(plan.database.parse_expression(predicate));
    check_filter_binds(plan, steps);
    plan.steps = std::move(steps);
  } catch (const Error& error) {
    throw Error(error.code(), error.category(), "Filter parse: " + error.message());
  }
  return *this;
}

SearchBuilder& SearchBuilder::sort(const std::string& column, bool descending) {
  Plan& plan = open_plan();
  check_column(current_columns(plan), column, "Sort");
  plan.steps.sort(column, descending);
  return *this;
}

SearchBuilder& SearchBuilder::limit(size_t num_rows) {
  open_plan().steps.limit(num_rows);
  return *this;
}

SearchBuilder& SearchBuilder::select(const std::vector<std::string>& columns) {
  Plan& plan = open_plan();
  const std::vector<std::string> available = current_columns(plan);
  std::vector<std::string> kept;
  for (const std::string& column : columns) {
    if (column == "retrieved_by" || column == "annotated_by") continue;  // always come back
    check_column(available, column, "Select");
    if (!std::ranges::contains(kept, column)) kept.push_back(column);
  }
  if (kept.empty()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql,
                "Select needs at least one column of the search");
  }
  plan.steps.select(kept);
  plan.selected = std::move(kept);
  return *this;
}

std::shared_ptr<arrow::Table> SearchBuilder::run(std::stop_token stop) {
  Plan& plan = open_plan();
  plan.is_consumed = true;
  const std::vector<index::Neighbor> neighbors = plan.open.index->search(plan.query, plan.k);
  std::shared_ptr<arrow::Table> rows =
      search::hydrate(plan.database, plan.table, plan.open.rows.get(), neighbors, stop);
  if (!plan.steps.empty()) {
    rows = search::read_table(*plan.database.sql_with_relations(
        plan.steps.query(), {{search::kHitsRelation, std::move(rows)}}, std::move(stop)));
  }
  return search::add_provenance(plan.database, rows, {.retrieved_by = {"vector"}, .annotated_by = {}});
}

namespace search {

SearchBuilder begin_search(Database& database, TableCache& open_tables, const std::string& source,
                           const std::string& table_name, std::vector<float> query, size_t k) {
  catalog::ResultTableRepository& tables = database.catalog().result_tables();
  ResultTableRecord table =
      table_name.empty() ? tables.latest_ready_embedding(source) : tables.get(table_name);
  if (table.source_id != source || table.status != ResultTableStatus::Ready || !table.key_column) {
    throw Error(
        ErrorCode::NotFound, ErrorCategory::Catalog,
        "Result table '" + table.table_name + "' is not a ready embedding table of source '" + source + "'");
  }
  OpenTable open = open_tables.open(database.results(), table);
  if (query.size() != open.index->dimensions()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Inference,
                "Vector dimension mismatch: expected " + std::to_string(open.index->dimensions()) + ", got " +
                    std::to_string(query.size()));
  }
  if (!std::ranges::all_of(query, [](float value) { return std::isfinite(value); })) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Inference,
                "Query vector holds a value that is not finite");
  }
  return SearchBuilder(std::unique_ptr<SearchBuilder::Plan>(new SearchBuilder::Plan{
      database, std::move(table), std::move(open), std::move(query), k, {}, {}, false}));
}

}  // namespace search
}  // namespace jammi
