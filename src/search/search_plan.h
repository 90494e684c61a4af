#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace jammi::search {

/// The relation a plan's SQL reads: the hydrated neighbours, with the columns of `result_columns` and the
/// rank.
inline constexpr char kHitsRelation[] = "_jammi_hits";

/// Hidden BIGINT column that orders the rows.
inline constexpr char kRankColumn[] = "_jammi_rank";

/// Name that a source's column has in a result: itself, or "source_<name>" when the engine owns that name.
std::string result_column_name(const std::string& source_column);

/// The engine's columns around those of a source: _row_id, _source_id, ..., similarity.
std::vector<std::string> result_columns(const std::vector<std::string>& source_columns);

/// A query for no row with the types of the hits: binding an expression against it shows whether it fits.
std::string empty_hits_query(const std::string& source_path, const std::vector<std::string>& source_columns);

/// Steps over a query whose rows are ordered by the rank column.
class StepList {
 public:
  void filter(const std::string& canonical_expression);
  void sort(const std::string& column, bool descending);
  void limit(size_t num_rows);
  void select(const std::vector<std::string>& columns);

  bool empty() const { return steps_.empty(); }

  /// The steps in order around `base`, a query; still with the rank column.
  std::string apply(std::string base) const;

  /// The steps in order over the hits; rows in rank order, without the rank.
  std::string query() const;

 private:
  std::vector<std::function<std::string(const std::string&)>> steps_;
};

}  // namespace jammi::search
