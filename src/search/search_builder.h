#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <jammi/database.h>
#include <jammi/records.h>
#include <jammi/search.h>

#include "inference/runner.h"
#include "search/annotation.h"
#include "search/neighbor_cache.h"
#include "search/row_filter.h"
#include "search/step_list.h"
#include "search/table_cache.h"

namespace jammi {
namespace search {

/// What runs between two calls of a model: an annotation (not in the first stage), then SQL steps.
struct Stage {
  std::optional<Annotation> annotation;
  std::shared_ptr<arrow::Schema> rows;  ///< what the steps read; null in the first stage until asked for
  StepList steps;
};

}  // namespace search

/// What a SearchBuilder has gathered.
struct SearchBuilder::Plan {
  std::shared_ptr<Database> database;
  std::shared_ptr<inference::Runner> runner;
  search::NeighborCache& neighbors;
  ResultTableRecord table;
  search::OpenTable open;
  std::vector<float> query;
  size_t k = 0;
  std::optional<search::RowPredicate> filter;
  std::vector<search::Stage> stages;
  std::vector<std::string> columns;  ///< after all stages; empty until asked for
  bool is_consumed = false;
};

namespace search {

/// What searches leave for those after them; outlives their builders. Thread-safe.
struct SearchCaches {
  TableCache tables;
  NeighborCache neighbors;
};

/// What `Session::search` promises. `database` and `runner` stay bound to one tenant, or to none.
SearchBuilder begin_search(std::shared_ptr<Database> database, std::shared_ptr<inference::Runner> runner,
                           SearchCaches& caches, const std::string& source, std::vector<float> query,
                           size_t k, const SearchOptions& options);

}  // namespace search
}  // namespace jammi
