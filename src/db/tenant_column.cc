#include "db/tenant_column.h"

#include <algorithm>

#include <jammi/error.h>

#include "sql/quoting.h"

namespace jammi::db {

std::optional<std::string> tenant_column(const SourceConnection& connection) {
  const auto declared = connection.options.find(kTenantColumnOption);
  if (declared == connection.options.end() || declared->second.empty()) return std::nullopt;
  return declared->second;
}

void require_tenant_column(const std::string& source_id, const std::vector<TableDescription>& tables,
                           const std::string& column) {
  const auto is_it = [&](const ColumnDescription& known) { return sql::is_same_name(known.name, column); };
  const auto has_it = [&](const TableDescription& table) {
    return std::ranges::any_of(table.columns, is_it);
  };
  if (std::ranges::any_of(tables, has_it)) return;
  throw source_error(ErrorCode::NotFound, source_id, "Column not found: " + column);
}

}  // namespace jammi::db
