#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace jammi::search {

/// Names of the relations a plan's SQL reads and of its hidden column.
inline constexpr char kNeighborsRelation[] = "_jammi_neighbors";  ///< _row_id, similarity, _jammi_rank
inline constexpr char kRowsRelation[] = "_jammi_rows";            ///< the source's rows
inline constexpr char kRankColumn[] = "_jammi_rank";              ///< BIGINT: order of the rows so far

/// Name that a source's column has in a result: itself, or "source_<name>" when the engine owns that name.
std::string result_column_name(const std::string& source_column);

/// The engine's columns around those of a source: _row_id, _source_id, ..., similarity.
std::vector<std::string> result_columns(const std::vector<std::string>& source_columns);

/// Joins the two relations into the columns of `result_columns` and the rank.
std::string hydration_query(const std::string& source_id, const std::vector<std::string>& source_columns,
                            const std::string& key_column);

/// The same columns with no row, read from the source itself: for checking that an expression binds.
std::string empty_hydration_query(const std::string& source_path, const std::vector<std::string>& source_columns);

/// Steps over a query whose rows are ordered by the rank column. Each takes a query and returns one around it.
class StepList {
 public:
  void filter(const std::string& canonical_expression);
  void sort(const std::string& column, bool descending);
  void limit(size_t num_rows);
  void select(const std::vector<std::string>& columns);

  /// The steps in order around `base`, still with the rank column.
  std::string apply(std::string base) const;

 private:
  std::vector<std::function<std::string(const std::string&)>> steps_;
};

/// The final query: rows of `steps` in rank order without the rank.
std::string ordered_query(const std::string& steps);

}  // namespace jammi::search
