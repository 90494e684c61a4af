#pragma once

#include <optional>
#include <string>
#include <vector>

#include <jammi/records.h>

namespace jammi::db {

/// The option of a source's connection that names the column which holds the tenant of a row.
inline constexpr char kTenantColumnOption[] = "tenant_column";

/// The column that a source declares, if it does.
std::optional<std::string> tenant_column(const SourceConnection& connection);

/// Throws source_error(NotFound) unless one of the source's tables has the column, compared without case.
void require_tenant_column(const std::string& source_id, const std::vector<TableDescription>& tables,
                           const std::string& column);

}  // namespace jammi::db
