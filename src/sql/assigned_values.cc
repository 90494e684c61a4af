#include "sql/assigned_values.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <duckdb/common/types/timestamp.hpp>
#include <duckdb/parser/expression/constant_expression.hpp>
#include <duckdb/parser/query_node/insert_query_node.hpp>
#include <duckdb/parser/query_node/merge_query_node.hpp>
#include <duckdb/parser/query_node/select_node.hpp>
#include <duckdb/parser/query_node/update_query_node.hpp>
#include <duckdb/parser/statement/explain_statement.hpp>
#include <duckdb/parser/statement/insert_statement.hpp>
#include <duckdb/parser/statement/merge_into_statement.hpp>
#include <duckdb/parser/statement/update_statement.hpp>
#include <duckdb/parser/tableref/expressionlistref.hpp>

#include "sql/statement.h"

namespace jammi::sql {
namespace {

using Expression = duckdb::unique_ptr<duckdb::ParsedExpression>;
using Expressions = duckdb::vector<Expression>;
using Names = duckdb::vector<duckdb::Identifier>;

/// The literal's milliseconds since 1970 if it is a text that starts with a date.
std::optional<int64_t> instant_of(const duckdb::ParsedExpression& expression) {
  if (expression.GetExpressionClass() != duckdb::ExpressionClass::CONSTANT) return std::nullopt;
  const duckdb::Literal& literal = expression.Cast<duckdb::ConstantExpression>().GetLiteral();
  const std::string& text = literal.text;
  constexpr size_t kDateLength = 10;
  if (literal.kind != duckdb::LiteralKind::STRING || text.size() < kDateLength) return std::nullopt;
  if (text[4] != '-' || text[7] != '-') return std::nullopt;
  duckdb::timestamp_t instant;
  const auto result = duckdb::Timestamp::TryConvertTimestamp(text.data(), text.size(), instant, true);
  if (result != duckdb::TimestampCastResult::SUCCESS || !duckdb::Value::IsFinite(instant)) {
    return std::nullopt;
  }
  return duckdb::Timestamp::GetEpochMs(instant);
}

/// The columns that a statement assigns to, of a table that is looked up at the first instant.
class Assignment {
 public:
  Assignment(std::string id, const FindMutableTable& find) : find_(find), id_(std::move(id)) {}

  /// `values` go to the columns of these names, in their order; to all of the table's for no names.
  void rewrite(const Names& names, Expressions& values) {
    for (size_t i = 0; i < values.size(); ++i) {
      if (!values[i]) continue;
      if (values[i]->GetExpressionClass() == duckdb::ExpressionClass::DEFAULT) {
        values[i] = duckdb::ConstantExpression::Null();
      } else if (const std::optional<int64_t> instant = instant_of(*values[i]);
                 instant && is_number(names, i)) {
        values[i] = duckdb::ConstantExpression::Integer(*instant);
      }
    }
  }

 private:
  bool is_number(const Names& names, size_t position) {
    if (!definition_) definition_ = find_(id_);
    if (!definition_) return false;  // the binder says so
    const std::vector<MutableColumn>& columns = definition_->columns;
    auto column = columns.begin();
    if (names.empty()) {
      column += static_cast<std::ptrdiff_t>(std::min(position, columns.size()));
    } else if (position < names.size()) {
      column = std::ranges::find_if(columns, [&](const MutableColumn& candidate) {
        return duckdb::Identifier(candidate.name) == names[position];
      });
    } else {
      return false;
    }
    return column != columns.end() &&
           (column->type == ColumnType::Int64 || column->type == ColumnType::UInt64);
  }

  const FindMutableTable& find_;
  const std::string id_;
  std::optional<MutableTableDefinition> definition_;
};

void rewrite_set(Assignment& assignment, duckdb::UpdateSetInfo* set) {
  if (set != nullptr) assignment.rewrite(set->columns, set->expressions);
}

void rewrite_insert(duckdb::InsertQueryNode& insert, Assignment& assignment) {
  if (insert.on_conflict_info) rewrite_set(assignment, insert.on_conflict_info->set_info.get());
  if (insert.column_order != duckdb::InsertColumnOrder::INSERT_BY_POSITION) return;
  if (auto values = insert.GetValuesList()) {
    for (Expressions& row : values->values) assignment.rewrite(insert.columns, row);
  } else if (insert.select_statement &&
             insert.select_statement->node->type == duckdb::QueryNodeType::SELECT_NODE) {
    assignment.rewrite(insert.columns, insert.select_statement->node->Cast<duckdb::SelectNode>().select_list);
  }
}

void rewrite_merge(duckdb::MergeQueryNode& merge, Assignment& assignment) {
  for (auto& [condition, actions] : merge.actions) {
    for (auto& action : actions) {
      rewrite_set(assignment, action->update_info.get());
      if (action->action_type == duckdb::MergeActionType::MERGE_INSERT) {
        assignment.rewrite(action->insert_columns, action->expressions);
      }
    }
  }
}

}  // namespace

void rewrite_assigned_values(duckdb::SQLStatement& statement, const FindMutableTable& find) {
  Assignment assignment(changed_table(statement), find);
  switch (statement.type) {
    case duckdb::StatementType::EXPLAIN_STATEMENT:
      return rewrite_assigned_values(*statement.Cast<duckdb::ExplainStatement>().stmt, find);
    case duckdb::StatementType::INSERT_STATEMENT:
      return rewrite_insert(*statement.Cast<duckdb::InsertStatement>().node, assignment);
    case duckdb::StatementType::MERGE_INTO_STATEMENT:
      return rewrite_merge(*statement.Cast<duckdb::MergeIntoStatement>().node, assignment);
    case duckdb::StatementType::UPDATE_STATEMENT:
      return rewrite_set(assignment, statement.Cast<duckdb::UpdateStatement>().node->set_info.get());
    default:
      return;
  }
}

}  // namespace jammi::sql
