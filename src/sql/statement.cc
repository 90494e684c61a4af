#include "sql/statement.h"

#include <algorithm>
#include <array>
#include <utility>

#include <duckdb/parser/parser.hpp>
#include <duckdb/parser/query_node/delete_query_node.hpp>
#include <duckdb/parser/query_node/insert_query_node.hpp>
#include <duckdb/parser/query_node/merge_query_node.hpp>
#include <duckdb/parser/query_node/update_query_node.hpp>
#include <duckdb/parser/sql_statement.hpp>
#include <duckdb/parser/statement/delete_statement.hpp>
#include <duckdb/parser/statement/explain_statement.hpp>
#include <duckdb/parser/statement/insert_statement.hpp>
#include <duckdb/parser/statement/merge_into_statement.hpp>
#include <duckdb/parser/statement/update_statement.hpp>
#include <duckdb/parser/tableref/basetableref.hpp>
#include <duckdb/planner/expression.hpp>
#include <duckdb/planner/logical_operator_visitor.hpp>
#include <duckdb/planner/planner.hpp>

#include "sql/errors.h"
#include "sql/mutable_catalog.h"

namespace jammi::sql {
namespace {

using duckdb::StatementType;

// DESCRIBE, SHOW TABLES, SUMMARIZE, VALUES and WITH are SELECT statements to the parser.
constexpr std::array kReadable{StatementType::SELECT_STATEMENT};

constexpr std::array kChanges{StatementType::INSERT_STATEMENT, StatementType::UPDATE_STATEMENT,
                              StatementType::DELETE_STATEMENT, StatementType::MERGE_INTO_STATEMENT};

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

/// What an EXPLAIN is about; any other statement itself.
const duckdb::SQLStatement& explained(const duckdb::SQLStatement& statement) {
  if (statement.type != StatementType::EXPLAIN_STATEMENT) return statement;
  return *statement.Cast<duckdb::ExplainStatement>().stmt;
}

bool changes_rows(const duckdb::SQLStatement& statement) {
  return std::ranges::contains(kChanges, statement.type);
}

void require_readable(const duckdb::SQLStatement& statement) {
  const StatementType type = explained(statement).type;
  if (std::ranges::contains(kReadable, type)) return;
  throw Error(ErrorCode::Unsupported, ErrorCategory::Sql,
              "only SELECT, WITH, VALUES, DESCRIBE, SHOW TABLES and EXPLAIN of them can be run, and INSERT, "
              "UPDATE, DELETE and MERGE of mutable tables, not: " +
                  keyword_of(type));
}

void require_changeable(const duckdb::SQLStatement& statement) {
  const std::string keyword = keyword_of(explained(statement).type);
  if (changed_table(statement).empty()) {
    throw Error(
        ErrorCode::Unsupported, ErrorCategory::Sql,
        "everything but the tables of mutable.public is read-only; it cannot be the target of: " + keyword);
  }
  if (statement.type == StatementType::EXPLAIN_STATEMENT &&
      statement.Cast<duckdb::ExplainStatement>().explain_type == duckdb::ExplainType::EXPLAIN_ANALYZE) {
    throw Error(ErrorCode::Unsupported, ErrorCategory::Sql,
                "EXPLAIN ANALYZE would make the change; use EXPLAIN without ANALYZE of: " + keyword);
  }
}

// The whole text is parsed before anything of it runs: DuckDB would otherwise run what stands before a syntax
// error.
duckdb::vector<duckdb::unique_ptr<duckdb::SQLStatement>> extract(duckdb::Connection& connection,
                                                                 const std::string& text) {
  check_nesting(text);
  return translated([&] { return connection.ExtractStatements(text); });
}

void require_one(size_t num_statements) {
  if (num_statements == 1) return;
  if (num_statements == 0) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql, "the text holds no statement");
  }
  throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql,
              "one statement is expected, found: " + std::to_string(num_statements));
}

/// The id of a table of `mutable`; empty for another name.
std::string mutable_id(const duckdb::QualifiedName& name) {
  const bool has_catalog = !name.Catalog().GetIdentifierName().empty();
  const duckdb::Identifier& catalog = has_catalog ? name.Catalog() : name.Schema();
  if (catalog != duckdb::Identifier(kMutableCatalog)) return "";
  return duckdb::StringUtil::Lower(name.Name().GetIdentifierName());
}

std::string mutable_id(const duckdb::TableRef& table) {
  if (table.type != duckdb::TableReferenceType::BASE_TABLE) return "";
  return mutable_id(table.Cast<duckdb::BaseTableRef>().GetQualifiedName());
}

}  // namespace

duckdb::unique_ptr<duckdb::SQLStatement> parse_statement(duckdb::Connection& connection,
                                                         const std::string& text) {
  auto statements = extract(connection, text);
  for (const auto& statement : statements) require_readable(*statement);
  require_one(statements.size());
  return std::move(statements.front());
}

std::vector<duckdb::unique_ptr<duckdb::SQLStatement>> parse_statements(duckdb::Connection& connection,
                                                                       const std::string& text) {
  auto statements = extract(connection, text);
  for (const auto& statement : statements) {
    if (changes_rows(explained(*statement))) {
      require_changeable(*statement);
    } else {
      require_readable(*statement);
    }
  }
  if (statements.empty()) require_one(0);
  for (size_t i = 0; i + 1 < statements.size(); ++i) {
    if (!gives_rows(*statements[i])) continue;
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql,
                "of several statements only the last may give rows; run the others apart, found before it: " +
                    keyword_of(statements[i]->type));
  }
  std::vector<duckdb::unique_ptr<duckdb::SQLStatement>> parsed;
  for (auto& statement : statements) parsed.push_back(std::move(statement));
  return parsed;
}

std::string changed_table(const duckdb::SQLStatement& statement) {
  switch (statement.type) {
    case StatementType::EXPLAIN_STATEMENT:
      return changed_table(explained(statement));
    case StatementType::INSERT_STATEMENT:
      return mutable_id(statement.Cast<duckdb::InsertStatement>().node->qualified_name);
    case StatementType::UPDATE_STATEMENT:
      return mutable_id(*statement.Cast<duckdb::UpdateStatement>().node->table);
    case StatementType::DELETE_STATEMENT:
      return mutable_id(*statement.Cast<duckdb::DeleteStatement>().node->table);
    case StatementType::MERGE_INTO_STATEMENT:
      return mutable_id(*statement.Cast<duckdb::MergeIntoStatement>().node->target);
    default:
      return "";
  }
}

bool gives_rows(const duckdb::SQLStatement& statement) {
  switch (statement.type) {
    case StatementType::INSERT_STATEMENT:
      return !statement.Cast<duckdb::InsertStatement>().node->returning_list.empty();
    case StatementType::UPDATE_STATEMENT:
      return !statement.Cast<duckdb::UpdateStatement>().node->returning_list.empty();
    case StatementType::DELETE_STATEMENT:
      return !statement.Cast<duckdb::DeleteStatement>().node->returning_list.empty();
    case StatementType::MERGE_INTO_STATEMENT:
      return !statement.Cast<duckdb::MergeIntoStatement>().node->returning_list.empty();
    default:
      return true;
  }
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
