#include "search/search_plan.h"

#include <algorithm>
#include <array>

#include "sql/quoting.h"

namespace jammi::search {
namespace {

constexpr std::array<const char*, 6> kEngineColumns{"_row_id",      "_source_id", "retrieved_by",
                                                    "annotated_by", "similarity", kRankColumn};

}  // namespace

std::string result_column_name(const std::string& source_column) {
  return std::ranges::contains(kEngineColumns, source_column) ? "source_" + source_column : source_column;
}

std::vector<std::string> result_columns(const std::vector<std::string>& source_columns) {
  std::vector<std::string> columns = {"_row_id", "_source_id"};
  for (const std::string& column : source_columns) columns.push_back(result_column_name(column));
  columns.push_back("similarity");
  return columns;
}

std::string empty_hits_query(const std::string& source_path, const std::vector<std::string>& source_columns) {
  std::string columns;
  for (const std::string& column : source_columns) {
    columns +=
        sql::quote_identifier(column) + " AS " + sql::quote_identifier(result_column_name(column)) + ", ";
  }
  return "SELECT '' AS _row_id, '' AS _source_id, " + columns +
         "CAST(0 AS FLOAT) AS similarity, CAST(0 AS BIGINT) AS " + kRankColumn + " FROM " + source_path +
         " LIMIT 0";
}

void StepList::filter(const std::string& canonical_expression) {
  steps_.push_back([canonical_expression](const std::string& query) {
    return "SELECT * FROM (" + query + ") WHERE (" + canonical_expression + ")";
  });
}

void StepList::sort(const std::string& column, bool descending) {
  const std::string order = sql::quote_identifier(column) + (descending ? " DESC" : " ASC") + " NULLS LAST";
  steps_.push_back([order](const std::string& query) {
    return "SELECT * REPLACE (row_number() OVER (ORDER BY " + order + ", " + kRankColumn + ") AS " +
           kRankColumn + ") FROM (" + query + ")";
  });
}

void StepList::limit(size_t num_rows) {
  steps_.push_back([num_rows](const std::string& query) {
    return "SELECT * FROM (" + query + ") ORDER BY " + kRankColumn + " LIMIT " + std::to_string(num_rows);
  });
}

void StepList::select(const std::vector<std::string>& columns) {
  std::string list;
  for (const std::string& column : columns) list += sql::quote_identifier(column) + ", ";
  steps_.push_back(
      [list](const std::string& query) { return "SELECT " + list + kRankColumn + " FROM (" + query + ")"; });
}

std::string StepList::apply(std::string base) const {
  for (const auto& step : steps_) base = step(base);
  return base;
}

std::string StepList::query() const {
  return "SELECT * EXCLUDE (" + std::string(kRankColumn) + ") FROM (" +
         apply("SELECT * FROM " + std::string(kHitsRelation)) + ") ORDER BY " + kRankColumn;
}

}  // namespace jammi::search
