#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <jammi/database.h>
#include <jammi/records.h>
#include <jammi/search.h>

#include "search/search_plan.h"
#include "search/table_cache.h"

namespace jammi {

/// What a SearchBuilder has gathered.
struct SearchBuilder::Plan {
  Database& database;
  ResultTableRecord table;
  search::OpenTable open;
  std::vector<float> query;
  size_t k = 0;
  search::StepList steps;
  std::vector<std::string> selected;  ///< columns of the last select; empty: all
  bool is_consumed = false;
};

namespace search {

/// Resolves the table to search (`table_name`, or the source's latest ready one when empty) and opens its
/// index. Throws Catalog NotFound without one, InvalidArgument for a query of another width or with a value
/// that is not finite.
SearchBuilder begin_search(Database& database, TableCache& tables, const std::string& source,
                           const std::string& table_name, std::vector<float> query, size_t k);

}  // namespace search
}  // namespace jammi
