#include "table/known_tables.h"

namespace jammi::table {

void KnownTables::note(const MutableTableDefinition& table) {
  std::lock_guard lock(mutex_);
  tables_.insert_or_assign(table.id, table);
}

std::optional<MutableTableDefinition> KnownTables::find(const std::string& id) const {
  std::lock_guard lock(mutex_);
  const auto found = tables_.find(id);
  if (found == tables_.end()) return std::nullopt;
  return found->second;
}

}  // namespace jammi::table
