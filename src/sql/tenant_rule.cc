#include "sql/tenant_rule.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <duckdb/catalog/catalog.hpp>
#include <duckdb/catalog/catalog_entry/schema_catalog_entry.hpp>
#include <duckdb/main/client_context_state.hpp>
#include <duckdb/main/config.hpp>
#include <duckdb/planner/expression/list.hpp>
#include <duckdb/planner/expression_iterator.hpp>
#include <duckdb/planner/logical_operator_visitor.hpp>
#include <duckdb/planner/operator/logical_explain.hpp>
#include <duckdb/planner/operator/logical_filter.hpp>
#include <duckdb/planner/operator/logical_get.hpp>
#include <duckdb/planner/operator/logical_secure_view.hpp>
#include <duckdb/planner/planner_extension.hpp>

#include "sql/errors.h"
#include "sql/query_state.h"

namespace jammi::sql {
namespace {

using catalog::TenantScope;
using Plan = duckdb::unique_ptr<duckdb::LogicalOperator>;
using Expression = duckdb::unique_ptr<duckdb::Expression>;

constexpr const char* kStateKey = "jammi_scans";
constexpr const char* kDatabaseList = "duckdb_databases";

// What the tables of a connection's statement were bound to.
struct NotedScans final : duckdb::ClientContextState {
  std::map<const duckdb::FunctionData*, TableScan> by_bind_data;
};

/// Whether a statement can call the function by its name: those that scan tables were taken away.
bool is_callable(duckdb::ClientContext& context, const std::string& function) {
  return duckdb::Catalog::GetSystemCatalog(context).GetEntry(
             context, duckdb::CatalogType::TABLE_FUNCTION_ENTRY, duckdb::Identifier::DefaultSchema(),
             duckdb::Identifier(function), duckdb::OnEntryNotFound::RETURN_NULL) != nullptr;
}

duckdb::idx_t position_of(const duckdb::LogicalGet& get, const std::string& column,
                          const std::string& table) {
  const duckdb::Identifier name(column);
  const auto found = std::ranges::find(get.names, name);
  if (found != get.names.end()) return static_cast<duckdb::idx_t>(found - get.names.begin());
  throw Error(ErrorCode::NotFound, ErrorCategory::Tenant,
              "table '" + table + "' lacks the tenant column of its source: " + column);
}

/// The column of a scan, which gets to read it when it does not yet.
Expression column_of(duckdb::LogicalGet& get, duckdb::idx_t position) {
  const auto& read = get.GetColumnIds();
  const auto found = std::ranges::find_if(read, [&](const duckdb::ColumnIndex& column) {
    return !column.HasChildren() && column.GetPrimaryIndex() == position;
  });
  const auto place = found != read.end()
                         ? duckdb::ProjectionIndex(static_cast<duckdb::idx_t>(found - read.begin()))
                         : get.AddColumnId(position);
  return duckdb::make_uniq<duckdb::BoundColumnRefExpression>(get.returned_types[position],
                                                             duckdb::ColumnBinding(get.table_index, place));
}

/// `column` = `value`, as texts unless the column can be compared as it is.
Expression equals(duckdb::ClientContext& context, Expression column, const std::string& value) {
  duckdb::Value constant(value);
  if (column->GetReturnType() == duckdb::LogicalType::UUID) {
    constant = constant.DefaultCastAs(duckdb::LogicalType::UUID);
  } else if (column->GetReturnType() != duckdb::LogicalType::VARCHAR) {
    column =
        duckdb::BoundCastExpression::AddCastToType(context, std::move(column), duckdb::LogicalType::VARCHAR);
  }
  return duckdb::BoundComparisonExpression::Create(
      duckdb::ExpressionType::COMPARE_EQUAL, std::move(column),
      duckdb::make_uniq<duckdb::BoundConstantExpression>(std::move(constant)));
}

Expression is_null(Expression column) {
  auto check = duckdb::make_uniq<duckdb::BoundOperatorExpression>(duckdb::ExpressionType::OPERATOR_IS_NULL,
                                                                  duckdb::LogicalType::BOOLEAN);
  check->GetChildrenMutable().push_back(std::move(column));
  return check;
}

/// `expressions`, of which there is at least one, any of which must hold.
Expression any_of(duckdb::vector<Expression> expressions) {
  if (expressions.size() == 1) return std::move(expressions.front());
  return duckdb::BoundConjunctionExpression::Create(duckdb::ExpressionType::CONJUNCTION_OR,
                                                    std::move(expressions));
}

void guard(Plan& scan, Expression condition, const std::string& table) {
  auto filter = duckdb::make_uniq<duckdb::LogicalFilter>(std::move(condition));
  filter->children.push_back(std::move(scan));
  filter->ResolveOperatorTypes();
  scan = duckdb::make_uniq<duckdb::LogicalSecureView>(table, std::move(filter));
  scan->ResolveOperatorTypes();
}

class TenantRule {
 public:
  TenantRule(duckdb::ClientContext& context, const TenantScope& scope) : context_(context), scope_(scope) {}

  void apply(Plan& plan) {
    if (plan->type == duckdb::LogicalOperatorType::LOGICAL_EXPLAIN) {
      is_explained_ = true;
      is_analyzed_ =
          plan->Cast<duckdb::LogicalExplain>().explain_type == duckdb::ExplainType::EXPLAIN_ANALYZE;
    }
    for (Plan& child : plan->children) apply(child);
    duckdb::LogicalOperatorVisitor::EnumerateExpressions(
        *plan, [this](Expression* expression) { apply_to_subqueries(*expression); });
    if (plan->type == duckdb::LogicalOperatorType::LOGICAL_GET) apply_to_scan(plan);
  }

 private:
  void apply_to_subqueries(Expression& expression) {
    if (expression->GetExpressionClass() == duckdb::ExpressionClass::BOUND_SUBQUERY) {
      Plan& plan = expression->Cast<duckdb::BoundSubqueryExpression>().SubqueryMutable().plan;
      if (plan) apply(plan);
    }
    duckdb::ExpressionIterator::EnumerateChildren(*expression,
                                                  [this](Expression& child) { apply_to_subqueries(child); });
  }

  void apply_to_scan(Plan& plan) {
    auto& get = plan->Cast<duckdb::LogicalGet>();
    const std::string function = get.function.GetName().GetIdentifierName();
    if (is_callable(context_, function)) {
      if (function == kDatabaseList) guard(plan, is_visible_catalog(get), function);
      return;
    }
    const TableScan scan = noted(get);
    if (!scan.tenant_column) return;
    if (is_analyzed_) {
      throw Error(
          ErrorCode::Unsupported, ErrorCategory::Tenant,
          "EXPLAIN ANALYZE would count the rows of other tenants; use EXPLAIN for table: " + scan.table);
    }
    if (is_explained_) get.function.cardinality = nullptr;  // shown, and it counts the rows of all tenants
    guard(plan, is_own_row(get, position_of(get, *scan.tenant_column, scan.table)), scan.table);
  }

  TableScan noted(const duckdb::LogicalGet& get) const {
    const auto scans = context_.registered_state->Get<NotedScans>(kStateKey);
    if (scans) {
      const auto found = scans->by_bind_data.find(get.bind_data.get());
      if (found != scans->by_bind_data.end()) return found->second;
    }
    throw Error(ErrorCode::Internal, ErrorCategory::Tenant,
                "a scan that no tenant rule covers was refused: " + get.GetName());
  }

  Expression is_own_row(duckdb::LogicalGet& get, duckdb::idx_t column) {
    duckdb::vector<Expression> allowed;
    if (scope_.tenant_id()) allowed.push_back(equals(context_, column_of(get, column), *scope_.tenant_id()));
    allowed.push_back(is_null(column_of(get, column)));
    return any_of(std::move(allowed));
  }

  Expression is_visible_catalog(duckdb::LogicalGet& get) {
    const duckdb::idx_t column = position_of(get, "database_name", kDatabaseList);
    duckdb::vector<Expression> allowed;
    std::set<std::string> names;  // catalogs that the tenant does not see list no schemas
    for (const auto& schema : duckdb::Catalog::GetAllSchemas(context_)) {
      names.insert(schema.get().catalog.GetName().GetIdentifierName());
    }
    for (const std::string& name : names) {
      allowed.push_back(equals(context_, column_of(get, column), name));
    }
    return any_of(std::move(allowed));
  }

  duckdb::ClientContext& context_;
  const TenantScope& scope_;
  bool is_explained_ = false;
  bool is_analyzed_ = false;
};

void after_binding(duckdb::PlannerExtensionInput& input, duckdb::BoundStatement& statement) {
  inside_duckdb([&] {
    const TenantScope& scope = scope_of(input.context);
    if (scope.sees_everything() || !statement.plan) return;
    TenantRule(input.context, scope).apply(statement.plan);
  });
}

}  // namespace

void note_scan(duckdb::ClientContext& context, const duckdb::FunctionData& bind_data, TableScan scan) {
  context.registered_state->GetOrCreate<NotedScans>(kStateKey)->by_bind_data.insert_or_assign(
      &bind_data, std::move(scan));
}

void register_tenant_rule(duckdb::DatabaseInstance& database) {
  duckdb::PlannerExtension extension;
  extension.post_bind_function = after_binding;
  duckdb::PlannerExtension::Register(duckdb::DBConfig::GetConfig(database), std::move(extension));
}

}  // namespace jammi::sql
