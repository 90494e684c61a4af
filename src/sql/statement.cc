#include "sql/statement.h"

#include <algorithm>
#include <array>
#include <utility>

#include <duckdb/parser/parser.hpp>
#include <duckdb/parser/sql_statement.hpp>
#include <duckdb/parser/statement/explain_statement.hpp>
#include <duckdb/planner/expression.hpp>
#include <duckdb/planner/logical_operator_visitor.hpp>
#include <duckdb/planner/planner.hpp>

#include "sql/errors.h"

namespace jammi::sql {
namespace {

using duckdb::StatementType;

// DESCRIBE, SHOW TABLES, SUMMARIZE, VALUES and WITH are SELECT statements to the parser.
constexpr std::array kReadable{StatementType::SELECT_STATEMENT};

// The parser's time grows with the square of the nesting, and it cannot be interrupted.
constexpr size_t kMaxNesting = 200;

/// Throws when brackets outside quotes nest deeper than the parser takes in reasonable time. Comments are not
/// told apart: brackets in them count.
void check_nesting(const std::string& text) {
  size_t depth = 0;
  char quote = 0;
  for (char c : text) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(' || c == '[' || c == '{') {
      if (++depth > kMaxNesting) {
        throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql,
                    "brackets nest too deeply, at most: " + std::to_string(kMaxNesting));
      }
    } else if ((c == ')' || c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
}

std::string keyword_of(StatementType type) {
  if (type == StatementType::MULTI_STATEMENT) return "PIVOT without an IN list";
  std::string name = duckdb::StatementTypeToString(type);
  std::ranges::replace(name, '_', ' ');
  return name;
}

/// Looks through a plan for what can change from one run to the next.
struct PlanReview final : duckdb::LogicalOperatorVisitor {
  void VisitOperator(duckdb::LogicalOperator& op) override {
    if (op.type == duckdb::LogicalOperatorType::LOGICAL_GET) ++num_tables;
    duckdb::LogicalOperatorVisitor::VisitOperator(op);
  }

  void VisitExpression(duckdb::unique_ptr<duckdb::Expression>* expression) override {
    is_consistent = is_consistent && (*expression)->IsConsistent();
  }

  size_t num_tables = 0;
  bool is_consistent = true;
};

void require_readable(const duckdb::SQLStatement& statement) {
  const duckdb::SQLStatement* inner = &statement;
  if (statement.type == StatementType::EXPLAIN_STATEMENT) {
    inner = statement.Cast<duckdb::ExplainStatement>().stmt.get();
  }
  if (std::ranges::find(kReadable, inner->type) != kReadable.end()) return;
  throw Error(ErrorCode::Unsupported, ErrorCategory::Sql,
              "only SELECT, WITH, VALUES, DESCRIBE, SHOW TABLES and EXPLAIN of them can be run, not: " +
                  keyword_of(inner->type));
}

}  // namespace

duckdb::unique_ptr<duckdb::SQLStatement> parse_statement(duckdb::Connection& connection,
                                                         const std::string& text) {
  check_nesting(text);
  // The whole text is parsed before anything of it runs: DuckDB would otherwise run what stands before a
  // syntax error.
  auto statements = translated([&] { return connection.ExtractStatements(text); });
  for (const auto& statement : statements) require_readable(*statement);
  if (statements.empty()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql, "the text holds no statement");
  }
  if (statements.size() > 1) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql,
                "one statement at a time, found: " + std::to_string(statements.size()));
  }
  return std::move(statements.front());
}

bool is_repeatable_statement(duckdb::Connection& connection,
                             duckdb::unique_ptr<duckdb::SQLStatement> statement) {
  PlanReview review;
  translated([&] {
    connection.context->RunFunctionInTransaction([&] {
      // Unoptimized: the optimizer replaces now() by its value.
      duckdb::Planner planner(*connection.context);
      planner.CreatePlan(std::move(statement));
      review.VisitOperator(*planner.plan);
    });
  });
  return review.num_tables <= 1 && review.is_consistent;
}

std::string parse_expression_text(duckdb::Connection& connection, const std::string& text) {
  check_nesting(text);
  auto parse = [&](const std::string& list) {
    return translated([&] { return duckdb::Parser(*connection.context).ParseExpressionList(list); });
  };
  auto expressions = parse(text);
  // DuckDB reads the list as what follows SELECT, so a FROM or LIMIT may follow; not between parentheses.
  if (expressions.size() != 1 || parse("(" + text + "\n)").size() != 1 || expressions.front()->HasAlias()) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql, "expected one expression: " + text);
  }
  return expressions.front()->ToString();
}

}  // namespace jammi::sql
