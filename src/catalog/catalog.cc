#include "catalog/catalog.h"

#include <system_error>

#include <jammi/error.h>

#include "catalog/postgres.h"
#include "catalog/schema.h"
#include "catalog/sqlite.h"

namespace jammi::catalog {

std::shared_ptr<Catalog> Catalog::open(const std::filesystem::path& file, const CatalogOptions& options) {
  std::error_code failure;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), failure);
  if (failure) {
    throw Error(
        ErrorCode::InvalidArgument, ErrorCategory::Catalog,
        "cannot make the catalog's directory: " + file.parent_path().string() + ": " + failure.message());
  }
  auto catalog =
      open({.place = file.string(),
            .connect = [file, timeout = options.busy_timeout] { return open_sqlite(file, timeout); },
            .size = options.pool_size,
            .lease_timeout = options.busy_timeout,
            .max_lifetime = options.max_lifetime});
  catalog->watch_ = open_sqlite(file, options.busy_timeout);
  return catalog;
}

std::shared_ptr<Catalog> Catalog::connect(const std::string& url, const CatalogOptions& options) {
  return open({.place = postgres_address(url),
               .connect = [url, timeout = options.busy_timeout] { return connect_postgres(url, timeout); },
               .size = options.pool_size,
               .lease_timeout = options.busy_timeout,
               .max_lifetime = options.max_lifetime});
}

std::shared_ptr<Catalog> Catalog::open(ConnectionPool::Options options) {
  const std::string activity = "opening catalog " + options.place;
  std::shared_ptr<Catalog> catalog(new Catalog(std::move(options)));
  try {
    migrate(*catalog->pool_.lease());
  } catch (Error& error) {
    throw error.add_activity(activity);
  }
  return catalog;
}

std::optional<int64_t> Catalog::version() {
  if (!watch_) return std::nullopt;
  std::lock_guard lock(watch_mutex_);
  Statement select(*watch_, "PRAGMA data_version");
  select.step();
  return select.integer(0);
}

void Catalog::ping() {
  auto connection = pool_.lease();
  Statement(*connection, "SELECT 1").run();
}

}  // namespace jammi::catalog
