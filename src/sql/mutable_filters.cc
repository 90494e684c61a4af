#include "sql/mutable_filters.h"

#include <cmath>
#include <utility>

#include <duckdb/planner/expression/bound_between_expression.hpp>
#include <duckdb/planner/expression/bound_columnref_expression.hpp>
#include <duckdb/planner/expression/bound_comparison_expression.hpp>
#include <duckdb/planner/expression/bound_constant_expression.hpp>
#include <duckdb/planner/expression/bound_operator_expression.hpp>

#include "sql/cells.h"

namespace jammi::sql {
namespace {

using duckdb::Expression;
using duckdb::ExpressionType;
using Test = Condition::Test;

// Fewer than the parameters that a statement of a store may have.
constexpr size_t kMostOperands = 1'000;

std::optional<size_t> column_of(const MutableTable& table, const duckdb::LogicalGet& get,
                                const Expression& expression) {
  if (expression.GetExpressionClass() != duckdb::ExpressionClass::BOUND_COLUMN_REF) return std::nullopt;
  const auto& reference = expression.Cast<duckdb::BoundColumnRefExpression>();
  if (reference.Binding().table_index != get.table_index) return std::nullopt;
  return table.position_of(get.GetColumnIndex(reference.Binding()).GetPrimaryIndex());
}

std::optional<Test> test_of(ExpressionType type) {
  switch (type) {
    case ExpressionType::COMPARE_EQUAL:
      return Test::Equal;
    case ExpressionType::COMPARE_LESSTHAN:
      return Test::Less;
    case ExpressionType::COMPARE_LESSTHANOREQUALTO:
      return Test::LessOrEqual;
    case ExpressionType::COMPARE_GREATERTHAN:
      return Test::Greater;
    case ExpressionType::COMPARE_GREATERTHANOREQUALTO:
      return Test::GreaterOrEqual;
    default:
      return std::nullopt;
  }
}

/// A constant of the column's own type that compares in the store as it does here: not NaN, which the store
/// has no order for.
std::optional<OwnedCell> operand_of(const MutableColumn& column, const Expression& expression) {
  if (expression.GetExpressionClass() != duckdb::ExpressionClass::BOUND_CONSTANT) return std::nullopt;
  const duckdb::Value& value = expression.Cast<duckdb::BoundConstantExpression>().GetValue();
  if (value.IsNull() || value.type() != logical_type(column.type)) return std::nullopt;
  OwnedCell cell = to_cell(value);
  if (const auto* real = std::get_if<double>(&cell); real != nullptr && std::isnan(*real))
    return std::nullopt;
  return cell;
}

std::vector<Condition> comparison(const MutableTable& table, const duckdb::LogicalGet& get,
                                  const Expression& left, ExpressionType type, const Expression& right) {
  const std::optional<size_t> column = column_of(table, get, left);
  const std::optional<Test> test = test_of(type);
  if (!column || !test) return {};
  const MutableColumn& definition = table.definition().columns[*column];
  // The upper half of the UInt64 is stored as negative numbers, whose order is another.
  if (definition.type == ColumnType::UInt64 && *test != Test::Equal) return {};
  std::optional<OwnedCell> operand = operand_of(definition, right);
  if (!operand) return {};
  return {{.column = *column, .test = *test, .operands = {std::move(*operand)}}};
}

std::vector<Condition> comparison(const MutableTable& table, const duckdb::LogicalGet& get,
                                  const Expression& filter) {
  const auto& call = filter.Cast<duckdb::BoundFunctionExpression>();
  const Expression& left = duckdb::BoundComparisonExpression::Left(call);
  const Expression& right = duckdb::BoundComparisonExpression::Right(call);
  const ExpressionType type = filter.GetExpressionType();
  if (left.GetExpressionClass() != duckdb::ExpressionClass::BOUND_CONSTANT) {
    return comparison(table, get, left, type, right);
  }
  return comparison(table, get, right, duckdb::FlipComparisonExpression(type), left);
}

std::vector<Condition> between(const MutableTable& table, const duckdb::LogicalGet& get,
                               const duckdb::BoundFunctionExpression& filter) {
  using Between = duckdb::BoundBetweenExpression;
  const Expression& input = Between::Input(filter);
  std::vector<Condition> conditions =
      comparison(table, get, input, Between::LowerComparisonType(filter), Between::LowerBound(filter));
  const std::vector<Condition> upper =
      comparison(table, get, input, Between::UpperComparisonType(filter), Between::UpperBound(filter));
  if (conditions.empty() || upper.empty()) return {};
  conditions.push_back(upper.front());
  return conditions;
}

std::vector<Condition> membership(const MutableTable& table, const duckdb::LogicalGet& get,
                                  const duckdb::BoundOperatorExpression& filter) {
  const auto& children = filter.GetChildren();
  if (children.size() > kMostOperands) return {};
  const std::optional<size_t> column = column_of(table, get, *children[0]);
  if (!column) return {};
  Condition condition{.column = *column, .test = Test::In, .operands = {}};
  for (size_t i = 1; i < children.size(); ++i) {
    std::optional<OwnedCell> operand = operand_of(table.definition().columns[*column], *children[i]);
    if (!operand) return {};
    condition.operands.push_back(std::move(*operand));
  }
  return {std::move(condition)};
}

}  // namespace

std::vector<Condition> to_conditions(const MutableTable& table, const duckdb::LogicalGet& get,
                                     const Expression& filter) {
  if (duckdb::BoundComparisonExpression::IsComparison(filter)) return comparison(table, get, filter);
  if (filter.GetExpressionType() == ExpressionType::COMPARE_BETWEEN &&
      filter.GetExpressionClass() == duckdb::ExpressionClass::BOUND_FUNCTION) {
    return between(table, get, filter.Cast<duckdb::BoundFunctionExpression>());
  }
  if (filter.GetExpressionClass() != duckdb::ExpressionClass::BOUND_OPERATOR) return {};
  const auto& test = filter.Cast<duckdb::BoundOperatorExpression>();
  if (filter.GetExpressionType() == ExpressionType::COMPARE_IN) return membership(table, get, test);
  const bool is_null = filter.GetExpressionType() == ExpressionType::OPERATOR_IS_NULL;
  if (!is_null && filter.GetExpressionType() != ExpressionType::OPERATOR_IS_NOT_NULL) return {};
  const std::optional<size_t> column = column_of(table, get, *test.GetChildren()[0]);
  if (!column) return {};
  return {{.column = *column, .test = is_null ? Test::IsNull : Test::IsNotNull, .operands = {}}};
}

}  // namespace jammi::sql
