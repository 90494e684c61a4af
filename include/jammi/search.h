#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace arrow {
class Table;
}

namespace jammi {

/// A lazy search: each step adds to a plan in the order called; nothing runs before `run`.
/// Not thread-safe; single use: any call after `run` throws InvalidArgument
/// "SearchBuilder already consumed by run()". Must not outlive its Session.
class SearchBuilder {
 public:
  ~SearchBuilder();
  SearchBuilder(SearchBuilder&&) noexcept;
  SearchBuilder& operator=(SearchBuilder&&) noexcept;

  /// Keeps rows for which a SQL boolean expression over the current columns is true.
  SearchBuilder& filter(const std::string& predicate);

  /// Orders by one column, nulls last in both directions.
  SearchBuilder& sort(const std::string& column, bool descending = false);

  SearchBuilder& limit(size_t num_rows);

  /// Projects columns; `retrieved_by` and `annotated_by` always come back as well.
  SearchBuilder& select(const std::vector<std::string>& columns);

  /// Runs the plan. Columns of a plain search: _row_id, _source_id, every source column,
  /// retrieved_by and annotated_by (list of string), similarity (float32, 1 - cosine distance, descending).
  std::shared_ptr<arrow::Table> run();

  struct Plan;
  explicit SearchBuilder(std::unique_ptr<Plan> plan);

 private:
  std::unique_ptr<Plan> plan_;
};

}  // namespace jammi
