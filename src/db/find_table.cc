#include "db/find_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <jammi/error.h>

namespace jammi::db {

TableDescription find_table(const Database& database, const std::string& id,
                            const std::vector<std::string>& columns) {
  std::vector<TableDescription> tables = database.describe_source(id);
  if (tables.empty()) throw source_error(ErrorCode::NotFound, id, "it has no tables");
  const auto has_all = [&](const TableDescription& table) {
    return std::ranges::all_of(columns, [&](const std::string& column) {
      return std::ranges::contains(table.columns, column, &ColumnDescription::name);
    });
  };
  const auto found = std::ranges::find_if(tables, has_all);
  if (found == tables.end()) return std::move(tables.front());
  const auto another = std::find_if(std::next(found), tables.end(), has_all);
  if (another == tables.end()) return std::move(*found);
  throw source_error(ErrorCode::InvalidArgument, id,
                     "several of its tables have these columns: " + found->name + ", " + another->name);
}

}  // namespace jammi::db
