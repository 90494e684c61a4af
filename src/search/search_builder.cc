#include "search/search_builder.h"

#include <algorithm>
#include <cmath>
#include <format>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include <jammi/error.h>

#include "catalog/catalog.h"
#include "search/columns.h"
#include "search/hydration.h"
#include "search/join.h"
#include "search/result_assembly.h"
#include "storage/result_store.h"

namespace jammi {
namespace {

const db::Provenance kFoundByVector{.retrieved_by = {"vector"}, .annotated_by = {}};

std::shared_ptr<arrow::Table> empty_table(std::shared_ptr<arrow::Schema> schema) {
  auto table = arrow::Table::MakeEmpty(std::move(schema));
  throw_if_error(table.status());
  return *table;
}

/// The columns that `steps` make of the rows of the plan's last stage. Binding the steps against no rows
/// finds unknown columns and wrong types before anything runs.
std::shared_ptr<arrow::Schema> bind_steps(const SearchBuilder::Plan& plan, const search::StepList& steps) {
  return plan.database
      ->sql_with_relations("SELECT * FROM (" + steps.query() + ") LIMIT 0",
                           {{search::kHitsRelation, empty_table(plan.stages.back().rows)}})
      ->schema();
}

void check_column(const std::vector<std::string>& columns, const std::string& column,
                  const std::string& step) {
  if (!std::ranges::contains(columns, column)) throw search::unknown_column(step, column, "the search");
}

/// The rows that the plan's filter leaves; null rows and an empty digest mean all.
search::MatchingRows matching_rows(const SearchBuilder::Plan& plan, std::stop_token stop) {
  if (!plan.filter) return {.rows = nullptr, .digest = ""};
  return plan.open.filter->matching_rows(*plan.database, plan.table, *plan.filter, std::move(stop));
}

search::NeighborQuery query_among(const SearchBuilder::Plan& plan, const std::string& rows_digest) {
  return {plan.open.number, plan.query, plan.k, plan.database->scope(), rows_digest};
}

/// The plan's neighbours, remembered or found.
std::shared_ptr<const search::Neighbors> neighbors_of(const SearchBuilder::Plan& plan, std::stop_token stop) {
  if (plan.k == 0) return std::make_shared<const search::Neighbors>();
  std::optional<std::string> rows_digest = "";
  if (plan.filter) rows_digest = search::RowFilter::digest(*plan.database, plan.table, *plan.filter);
  if (rows_digest) {
    if (auto known = plan.neighbors.find(query_among(plan, *rows_digest))) return known;
  }
  const search::MatchingRows among = matching_rows(plan, std::move(stop));
  auto found = std::make_shared<const search::Neighbors>(
      among.rows ? plan.open.index->search(plan.query, plan.k, *among.rows)
                 : plan.open.index->search(plan.query, plan.k));
  if (among.digest) plan.neighbors.insert(query_among(plan, *among.digest), found);
  return found;
}

}  // namespace

JoinType parse_join_type(std::string_view word) {
  if (word == "left") return JoinType::Left;
  if (word == "inner") return JoinType::Inner;
  throw Error(ErrorCode::InvalidArgument, ErrorCategory::None,
              "a join is 'left' or 'inner', not: " + std::string(word));
}

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

SearchBuilder::Plan& SearchBuilder::plan_with_columns() {
  Plan& plan = open_plan();
  search::Stage& first = plan.stages.front();
  if (first.rows == nullptr) {
    const std::string path =
        search::table_path(*plan.database, plan.table.source_id, search::embedded_columns(plan.table));
    first.rows = search::hits_schema(*search::table_schema(*plan.database, path));
    plan.columns = first.rows->field_names();
    plan.columns.pop_back();  // the rank
  }
  return plan;
}

SearchBuilder& SearchBuilder::join(const std::string& source, const std::string& on, JoinType type) {
  Plan& plan = plan_with_columns();
  search::StepList steps = plan.stages.back().steps;
  const search::Join join = search::plan_join(*plan.database, *bind_steps(plan, steps), source, on, type);
  steps.join(join);
  bind_steps(plan, steps);
  plan.stages.back().steps = std::move(steps);
  for (const auto& [column, name] : join.columns) plan.columns.push_back(name);
  return *this;
}

SearchBuilder& SearchBuilder::annotate(const std::string& model, ModelTask task,
                                       const std::vector<std::string>& columns, std::stop_token stop) {
  Plan& plan = plan_with_columns();
  if (columns.empty()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Inference, "No content columns provided");
  }
  for (const std::string& column : columns) check_column(plan.columns, column, "Annotate");
  search::Annotation annotation{.task = plan.runner->load(model, task, std::move(stop)), .columns = columns};
  search::check_annotation_fits(annotation, plan.columns);
  const arrow::FieldVector added = search::annotation_fields(annotation);
  arrow::FieldVector fields = bind_steps(plan, plan.stages.back().steps)->fields();
  fields.insert(fields.end(), added.begin(), added.end());
  plan.stages.push_back(
      {.annotation = std::move(annotation), .rows = arrow::schema(std::move(fields)), .steps = {}});
  for (const auto& field : added) plan.columns.push_back(field->name());
  return *this;
}

SearchBuilder& SearchBuilder::filter(const std::string& predicate) {
  Plan& plan = plan_with_columns();
  try {
    search::StepList steps = plan.stages.back().steps;
    steps.filter(plan.database->parse_expression(predicate), predicate);
    bind_steps(plan, steps);
    plan.stages.back().steps = std::move(steps);
  } catch (const Error& error) {
    throw Error(error.code(), error.category(), "Filter parse: " + error.message());
  }
  return *this;
}

SearchBuilder& SearchBuilder::sort(const std::string& column, bool descending) {
  Plan& plan = plan_with_columns();
  check_column(plan.columns, column, "Sort");
  plan.stages.back().steps.sort(column, descending);
  return *this;
}

SearchBuilder& SearchBuilder::limit(size_t num_rows) {
  open_plan().stages.back().steps.limit(num_rows);
  return *this;
}

SearchBuilder& SearchBuilder::select(const std::vector<std::string>& columns) {
  Plan& plan = plan_with_columns();
  std::vector<std::string> kept;
  for (const std::string& column : columns) {
    if (column == "retrieved_by" || column == "annotated_by") continue;  // always come back
    check_column(plan.columns, column, "Select");
    if (!std::ranges::contains(kept, column)) kept.push_back(column);
  }
  if (kept.empty()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql,
                "Select needs at least one column of the search");
  }
  plan.stages.back().steps.select(kept);
  plan.columns = std::move(kept);
  return *this;
}

std::string SearchBuilder::explain(std::stop_token stop) {
  Plan& plan = open_plan();
  const search::MatchingRows among = matching_rows(plan, std::move(stop));
  const uint64_t num_rows = plan.open.index->size();
  std::string text = std::format("search: the {} nearest of {} rows of {}, table {}\n", plan.k, num_rows,
                                 plan.table.source_id, plan.table.table_name);
  if (among.rows) {
    const double num_matching = static_cast<double>(among.rows->size());
    text += std::format("  filter: {}: {} rows match ({:.4g}%)\n", search::shown(plan.filter->text),
                        among.rows->size(),
                        100.0 * num_matching / static_cast<double>(std::max<uint64_t>(num_rows, 1)));
  }
  if (among.digest && plan.neighbors.contains(query_among(plan, *among.digest))) {
    text += "  path: remembered: the same search was made before\n";
  } else {
    const index::SearchPath path = plan.open.index->path(plan.k, among.rows.get());
    text += std::format("  path: {}{}: {}\n", among.rows ? "filtered " : "",
                        path.uses_graph ? "index" : "exact scan", path.reason);
  }
  text += std::format("  columns: {}\n", search::is_current(*plan.database, plan.table, plan.open.rows.get())
                                             ? "from the row store"
                                             : "from the source, looked up by key");
  for (const search::Stage& stage : plan.stages) {
    if (stage.annotation) text += search::description(*stage.annotation);
    text += stage.steps.description();
  }
  return text;
}

std::shared_ptr<arrow::Table> SearchBuilder::run_at_once() {
  Plan& plan = open_plan();
  const bool has_steps = plan.stages.size() > 1 || !plan.stages.front().steps.empty();
  if (plan.filter || has_steps || !search::is_current(*plan.database, plan.table, plan.open.rows.get())) {
    return nullptr;
  }
  plan.is_consumed = true;
  return search::add_provenance(
      *plan.database, search::hydrate_from_row_store(plan.table, *plan.open.rows, *neighbors_of(plan, {})),
      kFoundByVector);
}

std::shared_ptr<arrow::Table> SearchBuilder::run(std::stop_token stop) {
  Plan& plan = open_plan();
  plan.is_consumed = true;
  const std::shared_ptr<const search::Neighbors> neighbors = neighbors_of(plan, stop);
  std::shared_ptr<arrow::Table> rows =
      search::hydrate(*plan.database, plan.table, plan.open.rows.get(), *neighbors,
                      plan.filter ? plan.filter->expression : "", stop);
  for (const search::Stage& stage : plan.stages) {
    if (stage.annotation) {
      rows = search::annotate(*plan.runner, *stage.annotation, std::move(rows), plan.table.source_id, stop);
    }
    if (!stage.steps.empty()) {
      rows = plan.database->sql_table(stage.steps.query(), {{search::kHitsRelation, std::move(rows)}}, stop);
    }
  }
  db::Provenance provenance = kFoundByVector;
  if (plan.stages.size() > 1) provenance.annotated_by = {"inference"};
  return search::add_provenance(*plan.database, rows, provenance);
}

namespace search {

SearchBuilder begin_search(std::shared_ptr<Database> database, std::shared_ptr<inference::Runner> runner,
                           SearchCaches& caches, const std::string& source, std::vector<float> query,
                           size_t k, const SearchOptions& options) {
  const catalog::TenantScope scope = database->scope();
  catalog::ResultTableRepository& tables = database->catalog().result_tables();
  ResultTableRecord table =
      options.table.empty() ? tables.latest_ready_embedding(source, scope) : tables.get(options.table, scope);
  if (table.source_id != source || table.status != ResultTableStatus::Ready || !table.key_column) {
    throw Error(
        ErrorCode::NotFound, ErrorCategory::Catalog,
        "Result table '" + table.table_name + "' is not a ready embedding table of source '" + source + "'");
  }
  OpenTable open = caches.tables.open(database->results(), table);
  if (query.size() != open.index->dimensions()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Inference,
                "Vector dimension mismatch: expected " + std::to_string(open.index->dimensions()) + ", got " +
                    std::to_string(query.size()));
  }
  if (!std::ranges::all_of(query, [](float value) { return std::isfinite(value); })) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Inference,
                "Query vector holds a value that is not finite");
  }
  std::optional<RowPredicate> filter;
  if (!options.filter.empty()) {
    filter = parse_row_predicate(*database, table, options.filter);
  } else if (open.filter->has_hidden_rows(*database, table)) {
    filter = all_visible_rows();
  }
  return SearchBuilder(
      std::unique_ptr<SearchBuilder::Plan>(new SearchBuilder::Plan{.database = std::move(database),
                                                                   .runner = std::move(runner),
                                                                   .neighbors = caches.neighbors,
                                                                   .table = std::move(table),
                                                                   .open = std::move(open),
                                                                   .query = std::move(query),
                                                                   .k = k,
                                                                   .filter = std::move(filter),
                                                                   .stages = std::vector<Stage>(1),
                                                                   .columns = {}}));
}

}  // namespace search
}  // namespace jammi
