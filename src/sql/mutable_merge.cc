#include "sql/mutable_merge.h"

#include <map>
#include <utility>

#include <duckdb/catalog/catalog_entry/table_catalog_entry.hpp>
#include <duckdb/execution/operator/persistent/physical_merge_into.hpp>
#include <duckdb/planner/expression/bound_cast_expression.hpp>
#include <duckdb/planner/expression/bound_reference_expression.hpp>

#include "sql/mutable_changes.h"

namespace jammi::sql {
namespace {

using Expressions = duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>;
using Actions = duckdb::vector<duckdb::unique_ptr<duckdb::MergeIntoOperator>>;

duckdb::unique_ptr<duckdb::Expression> reference_to(const duckdb::LogicalType& type, size_t column) {
  return duckdb::make_uniq<duckdb::BoundReferenceExpression>(type, column);
}

class MergePlanner {
 public:
  /// `rows` are those of the join: of the source, of the table, and at the end the primary key.
  MergePlanner(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
               duckdb::LogicalMergeInto& op, duckdb::PhysicalOperator& rows)
      : context_(context), planner_(planner), op_(op), rows_(rows) {}

  duckdb::PhysicalOperator& plan() {
    std::map<duckdb::MergeActionCondition, Actions> actions;
    for (auto& [condition, bound] : op_.actions) {
      Actions& planned = actions[condition];
      for (auto& action : bound) planned.push_back(plan_action(condition, *action));
    }
    constexpr bool kIsParallel = false;
    constexpr bool kOneAfterTheOther = true;
    return planner_.Make<duckdb::PhysicalMergeInto>(op_.types, rows_, std::move(actions), op_.row_id_start,
                                                    op_.source_marker, kIsParallel, op_.return_chunk,
                                                    kOneAfterTheOther);
  }

 private:
  duckdb::unique_ptr<duckdb::MergeIntoOperator> plan_action(duckdb::MergeActionCondition condition,
                                                            duckdb::BoundMergeIntoAction& action) {
    auto planned = duckdb::make_uniq<duckdb::MergeIntoOperator>();
    planned->action_type = action.action_type;
    planned->condition = std::move(action.condition);
    switch (action.action_type) {
      case duckdb::MergeActionType::MERGE_INSERT:
        planned->expressions = values_of(action);
        planned->op = insert(input_of(condition, *planned));
        break;
      case duckdb::MergeActionType::MERGE_UPDATE:
        planned->expressions = values_of(action);
        for (auto& column : key()) planned->expressions.push_back(std::move(column));
        planned->op = update(input_of(condition, *planned), action);
        break;
      case duckdb::MergeActionType::MERGE_DELETE:
        planned->op = remove(input_of(condition, *planned));
        break;
      case duckdb::MergeActionType::MERGE_ERROR:
        planned->expressions = std::move(action.expressions);
        break;
      default:  // nothing is done
        break;
    }
    return planned;
  }

  /// The rows of an action, as its expressions make them.
  duckdb::PhysicalOperator& input_of(duckdb::MergeActionCondition condition,
                                     duckdb::MergeIntoOperator& action) {
    return duckdb::PlanMergeActionSource(planner_, rows_, condition, action);
  }

  /// The new values, in the types of the columns that they are for.
  Expressions values_of(duckdb::BoundMergeIntoAction& action) {
    Expressions values;
    for (size_t i = 0; i < action.expressions.size(); ++i) {
      const duckdb::PhysicalIndex column =
          action.columns.empty() ? duckdb::PhysicalIndex(i) : action.columns[i];
      values.push_back(duckdb::BoundCastExpression::AddCastToType(
          context_, std::move(action.expressions[i]), op_.table.GetColumns().GetColumn(column).Type()));
    }
    return values;
  }

  Expressions key() const {
    Expressions columns;
    const duckdb::vector<duckdb::LogicalType>& types = rows_.GetTypes();
    for (size_t i = op_.row_id_start; i < types.size(); ++i) columns.push_back(reference_to(types[i], i));
    return columns;
  }

  duckdb::PhysicalOperator& insert(duckdb::PhysicalOperator& input) {
    duckdb::LogicalInsert insert(op_.table, op_.table_index);
    prepare(insert);
    return plan_insert(context_, planner_, insert, input);
  }

  duckdb::PhysicalOperator& update(duckdb::PhysicalOperator& input,
                                   const duckdb::BoundMergeIntoAction& action) {
    duckdb::LogicalUpdate update(op_.table);
    update.columns = action.columns;
    update.update_is_del_and_insert = action.update_is_del_and_insert;
    for (size_t i = 0; i < action.columns.size(); ++i) {
      update.expressions.push_back(reference_to(input.GetTypes()[i], i));
    }
    prepare(update);
    return plan_update(context_, planner_, update, input);
  }

  duckdb::PhysicalOperator& remove(duckdb::PhysicalOperator& input) {
    duckdb::LogicalDelete remove(op_.table, op_.table_index);
    remove.expressions = key();
    remove.return_columns = op_.delete_return_columns;
    prepare(remove);
    return plan_delete(context_, planner_, remove, input);
  }

  void prepare(auto& change) {
    change.return_chunk = op_.return_chunk;
    change.estimated_cardinality = op_.EstimateCardinality(context_);
    change.ResolveOperatorTypes();
  }

  duckdb::ClientContext& context_;
  duckdb::PhysicalPlanGenerator& planner_;
  duckdb::LogicalMergeInto& op_;
  duckdb::PhysicalOperator& rows_;
};

}  // namespace

duckdb::PhysicalOperator& plan_merge(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                     duckdb::LogicalMergeInto& op, duckdb::PhysicalOperator& rows) {
  return MergePlanner(context, planner, op, rows).plan();
}

}  // namespace jammi::sql
