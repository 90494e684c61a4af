#include "db/configured_sources.h"

#include <optional>

#include <jammi/error.h>

#include "base/log.h"
#include "base/url_password.h"
#include "catalog/catalog.h"
#include "db/database_url.h"

namespace jammi::db {
namespace {

void add_or_update(Database& database, const std::string& id, SourceType type, const std::string& url) {
  catalog::SourceRepository& sources = database.catalog().sources();
  const std::optional<SourceRecord> known = sources.find(id, catalog::TenantScope::everything());
  if (!known) {
    database.add_source(id, type, {.url = url, .format = std::nullopt, .options = {}});
  } else if (known->tenant_id || known->type != type) {
    throw source_error(ErrorCode::AlreadyExists, id,
                       "the catalog has another source of this id; remove it first");
  } else if (known->connection.url != url) {
    sources.set_url(id, url);
  }
}

}  // namespace

void add_configured_sources(Database& database, const std::map<std::string, std::string>& urls) {
  for (const auto& [id, url] : urls) {
    const SourceType type = source_type_of(url);
    if (type == SourceType::File) {
      throw Error(ErrorCode::InvalidArgument, ErrorCategory::Config,
                  "sources." + id + " must be the URL of a PostgreSQL, MySQL or SQLite database: " +
                      base::hide_passwords(url));
    }
    try {
      add_or_update(database, id, type, url);
    } catch (const Error& error) {
      log::warn("a source of the configuration is left as it was: " + std::string(error.what()));
    }
  }
}

}  // namespace jammi::db
