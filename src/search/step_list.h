#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "search/join.h"

namespace jammi::search {

/// The relation that the SQL of steps reads.
inline constexpr char kHitsRelation[] = "_jammi_hits";

/// SQL steps over rows that are ordered by the rank column.
class StepList {
 public:
  /// `written` is the condition as the user spelled it.
  void filter(const std::string& canonical_expression, const std::string& written);
  void join(const Join& join);
  void sort(const std::string& column, bool descending);
  void limit(size_t num_rows);
  void select(const std::vector<std::string>& columns);

  bool empty() const { return steps_.empty(); }

  /// The steps in order over the relation, as one query; rows in rank order, still with the rank.
  std::string query() const;

  /// One line for each step, for people to read.
  std::string description() const;

 private:
  struct Step {
    std::string description;
    std::function<std::string(const std::string& query)> wrap;
  };

  std::vector<Step> steps_;
};

}  // namespace jammi::search
