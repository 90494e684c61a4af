#include "catalog/catalog.h"

#include <system_error>

#include <jammi/error.h>

#include "catalog/schema.h"

namespace jammi::catalog {

Catalog::Catalog(const std::filesystem::path& file, const CatalogOptions& options)
    : pool_(file, options.pool_size, options.busy_timeout) {}

std::shared_ptr<Catalog> Catalog::open(const std::filesystem::path& file, const CatalogOptions& options) {
  std::error_code failure;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), failure);
  if (failure) {
    throw Error(
        ErrorCode::InvalidArgument, ErrorCategory::Catalog,
        "cannot make the catalog's directory: " + file.parent_path().string() + ": " + failure.message());
  }
  std::shared_ptr<Catalog> catalog(new Catalog(file, options));
  try {
    migrate(*catalog->pool_.lease());
  } catch (Error& error) {
    throw error.add_activity("opening catalog " + file.string());
  }
  return catalog;
}

void Catalog::ping() {
  auto connection = pool_.lease();
  Statement(*connection, "SELECT 1").run();
}

}  // namespace jammi::catalog
