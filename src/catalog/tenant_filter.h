#pragma once

#include "catalog/connection.h"
#include "catalog/tenant_scope.h"

namespace jammi::catalog {

/// WHERE terms with two parameters, which `bind_scope` binds.
inline constexpr char kIsVisible[] = "(? OR tenant_id IS NULL OR tenant_id = ?)";
inline constexpr char kIsOwned[] = "(? OR tenant_id IS NOT DISTINCT FROM ?)";

inline Statement& bind_scope(Statement& statement, const TenantScope& scope) {
  return statement.bind(int64_t{scope.sees_everything()}).bind(scope.tenant_id());
}

}  // namespace jammi::catalog
