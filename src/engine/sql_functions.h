#pragma once

#include <functional>
#include <memory>

#include <jammi/session.h>

#include "catalog/tenant_scope.h"
#include "inference/runner.h"

namespace jammi::engine {

/// What the functions work with on behalf of one statement; both stay bound to its tenant.
struct FunctionTools {
  std::shared_ptr<Session> session;
  std::shared_ptr<inference::Runner> runner;
};

/// Makes models callable in a database's SQL (docs/sql-inference.md): the table functions `annotate` and
/// `vector_search` and the scalar function `embed`. `tools_for` gives what a statement that sees `scope` may
/// work with.
void add_sql_functions(Database& database,
                       std::function<FunctionTools(const catalog::TenantScope& scope)> tools_for);

}  // namespace jammi::engine
