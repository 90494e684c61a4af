#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sql/engine.h"
#include "table/store.h"

namespace jammi::table::testing {

/// An engine that has no tables but the store's.
inline sql::Engine engine_over(std::shared_ptr<Store> store, const std::filesystem::path& directory) {
  return {{.threads = 2, .memory_limit_bytes = 0, .temp_directory = directory / "tmp", .batch_size = 100},
          {.find_result_table = [](const std::string&, const catalog::TenantScope&) { return std::nullopt; },
           .list_result_tables = [](const catalog::TenantScope&) { return std::vector<sql::ResultFile>(); },
           .views = {}},
          std::move(store)};
}

}  // namespace jammi::table::testing
