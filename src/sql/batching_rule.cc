#include "sql/batching_rule.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>
#include <vector>

#include <duckdb/optimizer/optimizer.hpp>
#include <duckdb/optimizer/optimizer_extension.hpp>
#include <duckdb/planner/binder.hpp>
#include <duckdb/planner/expression/bound_aggregate_expression.hpp>
#include <duckdb/planner/expression/bound_columnref_expression.hpp>
#include <duckdb/planner/expression/bound_function_expression.hpp>
#include <duckdb/planner/expression/expression_barrier.hpp>
#include <duckdb/planner/expression_iterator.hpp>
#include <duckdb/planner/operator/logical_filter.hpp>

#include "sql/batching_operator.h"
#include "sql/vector_function.h"

namespace jammi::sql {
namespace {

using duckdb::LogicalOperatorType;
using Plan = duckdb::unique_ptr<duckdb::LogicalOperator>;
using Expression = duckdb::unique_ptr<duckdb::Expression>;

bool may_skip_children(const duckdb::Expression& expression) {
  switch (expression.GetExpressionClass()) {
    case duckdb::ExpressionClass::BOUND_CASE:
    case duckdb::ExpressionClass::BOUND_CONJUNCTION:
      return true;
    case duckdb::ExpressionClass::BOUND_AGGREGATE:
      return expression.Cast<duckdb::BoundAggregateExpression>().GetFilter() != nullptr;
    default:
      return expression.GetExpressionType() == duckdb::ExpressionType::OPERATOR_COALESCE ||
             expression.GetExpressionType() == duckdb::ExpressionType::OPERATOR_TRY;
  }
}

/// The column of `rows` that already holds `call`, if one does.
duckdb::optional<duckdb::ColumnBinding> find_computed(duckdb::LogicalOperator& rows,
                                                      const duckdb::Expression& call) {
  duckdb::LogicalOperator* below = &rows;
  while (below->type == LogicalOperatorType::LOGICAL_FILTER) below = below->children[0].get();
  const auto* batching = dynamic_cast<const BatchingOperator*>(below);
  if (batching == nullptr) return {};
  const auto is_same = [&](const Expression& computed) { return computed->Equals(call); };
  const auto found = std::ranges::find_if(batching->expressions, is_same);
  if (found == batching->expressions.end()) return {};
  const auto binding = batching->binding(static_cast<size_t>(found - batching->expressions.begin()));
  if (!std::ranges::contains(rows.GetColumnBindings(), binding)) return {};
  return binding;
}

/// Whether `plan` gives out none of its child's columns but by naming them, so that the child may have more.
bool names_its_columns(const duckdb::LogicalOperator& plan) {
  return plan.type == LogicalOperatorType::LOGICAL_PROJECTION ||
         plan.type == LogicalOperatorType::LOGICAL_AGGREGATE_AND_GROUP_BY;
}

/// Calls `visit` with the place of every part of `expression` that `is_wanted` and that every row needs.
void for_each_needed(Expression& expression, bool (*is_wanted)(const duckdb::Expression&),
                     const std::function<void(Expression&)>& visit) {
  if (is_wanted(*expression)) return visit(expression);
  if (may_skip_children(*expression)) return;
  duckdb::ExpressionIterator::EnumerateChildren(
      *expression, [&](Expression& child) { for_each_needed(child, is_wanted, visit); });
}

bool is_worth_batching(const duckdb::Expression& expression) {
  return is_vector_call(expression) && !expression.IsFoldable() && !expression.IsVolatile();
}

bool is_fenced_call(const duckdb::Expression& expression) {
  return duckdb::ExpressionBarrier::IsBarrier(expression) &&
         is_vector_call(*expression.Cast<duckdb::BoundFunctionExpression>().GetChildren()[0]);
}

/// Keeps DuckDB's rules from moving the calls below joins and into scans, where more rows come.
void fence_calls(duckdb::LogicalOperator& plan) {
  for (Plan& child : plan.children) fence_calls(*child);
  if (!names_its_columns(plan) && plan.type != LogicalOperatorType::LOGICAL_FILTER) return;
  for (Expression& expression : plan.expressions) {
    for_each_needed(expression, is_worth_batching, [](Expression& call) {
      call->Cast<duckdb::BoundFunctionExpression>().FunctionMutable().SetVolatile();
      call = duckdb::ExpressionBarrier::Wrap(std::move(call));
    });
  }
}

/// The places of the fenced calls in `expression`.
std::vector<Expression*> fenced_calls(Expression& expression) {
  std::vector<Expression*> calls;
  for_each_needed(expression, is_fenced_call, [&](Expression& fence) { calls.push_back(&fence); });
  return calls;
}

/// The call inside its fence, as it was.
Expression without_fence(const duckdb::Expression& fence) {
  Expression call = fence.Cast<duckdb::BoundFunctionExpression>().GetChildren()[0]->Copy();
  call->Cast<duckdb::BoundFunctionExpression>().FunctionMutable().SetStability(
      duckdb::FunctionStability::CONSISTENT_WITHIN_QUERY);
  return call;
}

/// Replaces the fenced calls of `user` by columns of its child, which gets to have them.
void compute_below(duckdb::LogicalOperator& user, duckdb::Binder& binder) {
  Plan& rows = user.children[0];
  std::vector<Expression*> fences;
  for (Expression& expression : user.expressions) {
    std::ranges::copy(fenced_calls(expression), std::back_inserter(fences));
  }
  duckdb::vector<Expression> missing;
  for (const Expression* fence : fences) {
    Expression call = without_fence(**fence);
    const auto is_same = [&](const Expression& other) { return other->Equals(*call); };
    if (find_computed(*rows, *call) || std::ranges::any_of(missing, is_same)) continue;
    missing.push_back(std::move(call));
  }
  if (!missing.empty()) {
    rows =
        duckdb::make_uniq<BatchingOperator>(binder.GenerateTableIndex(), std::move(missing), std::move(rows));
  }
  for (Expression* fence : fences) {
    *fence = duckdb::make_uniq<duckdb::BoundColumnRefExpression>(
        (*fence)->GetAlias(), (*fence)->GetReturnType(),
        find_computed(*rows, *without_fence(**fence)).value());
  }
}

/// Leaves the conditions with fenced calls; the others go into a filter of their own below.
void split_off_cheap_conditions(duckdb::LogicalFilter& filter) {
  const auto is_cheap = [](Expression& condition) { return fenced_calls(condition).empty(); };
  const auto dear = std::stable_partition(filter.expressions.begin(), filter.expressions.end(), is_cheap);
  if (dear == filter.expressions.begin() || dear == filter.expressions.end()) return;
  auto below = duckdb::make_uniq<duckdb::LogicalFilter>();
  std::move(filter.expressions.begin(), dear, std::back_inserter(below->expressions));
  filter.expressions.erase(filter.expressions.begin(), dear);
  below->children.push_back(std::move(filter.children[0]));
  filter.children[0] = std::move(below);
}

void batch_filter(duckdb::LogicalFilter& filter, bool may_show_more, duckdb::Binder& binder) {
  filter.SplitPredicates();
  split_off_cheap_conditions(filter);
  const size_t num_columns = filter.children[0]->GetColumnBindings().size();
  compute_below(filter, binder);
  const size_t num_computed = filter.children[0]->GetColumnBindings().size() - num_columns;
  if (num_computed == 0) return;
  if (filter.projection_map.empty()) {
    for (size_t i = 0; i < num_columns; ++i) filter.projection_map.emplace_back(i);
  }
  if (!may_show_more) return;
  for (size_t i = 0; i < num_computed; ++i) filter.projection_map.emplace_back(num_columns + i);
}

void batch_calls(duckdb::LogicalOperator& plan, bool may_show_more, duckdb::Binder& binder) {
  const bool names_columns = names_its_columns(plan);
  for (Plan& child : plan.children) batch_calls(*child, names_columns, binder);
  if (names_columns) compute_below(plan, binder);
  if (plan.type == LogicalOperatorType::LOGICAL_FILTER) {
    batch_filter(plan.Cast<duckdb::LogicalFilter>(), may_show_more, binder);
  }
}

void before_optimizing(duckdb::OptimizerExtensionInput&, Plan& plan) {
  fence_calls(*plan);
}

void after_optimizing(duckdb::OptimizerExtensionInput& input, Plan& plan) {
  batch_calls(*plan, /*may_show_more=*/false, input.optimizer.binder);
}

}  // namespace

void register_batching_rule(duckdb::DatabaseInstance& database) {
  duckdb::OptimizerExtension extension;
  extension.pre_optimize_function = before_optimizing;
  extension.optimize_function = after_optimizing;
  duckdb::OptimizerExtension::Register(duckdb::DBConfig::GetConfig(database), std::move(extension));
}

}  // namespace jammi::sql
