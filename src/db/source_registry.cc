#include "db/source_registry.h"

#include <set>

#include <jammi/error.h>

#include "base/log.h"
#include "db/database_url.h"
#include "db/source_location.h"
#include "db/tenant_column.h"

namespace jammi::db {
namespace {

bool is_same(const SourceRecord& left, const SourceRecord& right) {
  return left.type == right.type && left.connection.url == right.connection.url &&
         left.connection.format == right.connection.format &&
         left.connection.options == right.connection.options && left.created_at == right.created_at &&
         left.tenant_id == right.tenant_id;
}

}  // namespace

void SourceRegistry::refresh() {
  std::lock_guard lock(mutex_);
  refresh_locked();
}

SourceRecord SourceRegistry::get(const std::string& id, const catalog::TenantScope& scope) {
  std::lock_guard lock(mutex_);
  refresh_locked();
  const auto found = shown_.find(id);
  if (found == shown_.end() || !scope.sees(found->second.tenant_id)) {
    throw source_error(ErrorCode::NotFound, id, "Source not found");
  }
  return found->second;
}

void SourceRegistry::refresh_locked() {
  const std::optional<int64_t> version = catalog_->version();
  if (version && version == shown_version_) return;
  std::set<std::string> registered;
  for (SourceRecord& record : catalog_->sources().list(catalog::TenantScope::everything())) {
    registered.insert(record.id);
    auto shown = shown_.find(record.id);
    if (shown != shown_.end() && is_same(shown->second, record)) continue;
    try {
      if (engine_.has_source(record.id)) engine_.remove_source(record.id);
      const sql::SourceTenancy tenancy{.owner = record.tenant_id,
                                       .tenant_column = tenant_column(record.connection).value_or("")};
      if (record.type == SourceType::File) {
        engine_.add_source(record.id, {file_table(record.id, record.connection)}, tenancy);
      } else {
        engine_.add_source(record.id, external_database(record.id, record.type, record.connection), tenancy);
      }
    } catch (const Error& error) {
      log::warn("source is not readable: " + record.id + ": " + error.what());
    }
    shown_.insert_or_assign(record.id, std::move(record));
  }
  std::erase_if(shown_, [&](const auto& entry) {
    if (registered.contains(entry.first)) return false;
    if (engine_.has_source(entry.first)) engine_.remove_source(entry.first);
    return true;
  });
  shown_version_ = version;
}

}  // namespace jammi::db
