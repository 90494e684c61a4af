#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace arrow {
class Table;
}

namespace jammi {

/// A lazy search: each step adds to a plan in the order called; nothing runs before `run`, though a step
/// checks its own names and syntax at once. A step that throws leaves the builder as it was.
///
/// Columns: _row_id, _source_id, every column of the source, similarity (float32, 1 - cosine distance). A
/// source column that has one of these names, or retrieved_by or annotated_by, comes back as "source_<name>".
///
/// Not thread-safe; single use: any call after `run` throws InvalidArgument "SearchBuilder already consumed
/// by run()". Must not outlive its Session.
class SearchBuilder {
 public:
  ~SearchBuilder();
  SearchBuilder(SearchBuilder&&) noexcept;
  SearchBuilder& operator=(SearchBuilder&&) noexcept;

  /// Keeps rows for which a SQL boolean expression over the current columns is true. InvalidArgument when it
  /// does not parse or names an unknown column.
  SearchBuilder& filter(const std::string& predicate);

  /// Orders by one column, nulls last in both directions. NotFound for an unknown column.
  SearchBuilder& sort(const std::string& column, bool descending = false);

  SearchBuilder& limit(size_t num_rows);

  /// Keeps the named columns, in that order. NotFound for an unknown column.
  SearchBuilder& select(const std::vector<std::string>& columns);

  /// Runs the plan. Rows come by similarity descending unless sorted. The columns are those of the plan, then
  /// retrieved_by and annotated_by (list of string, never null, present whatever was selected), then
  /// similarity. A neighbour whose row has left the source is dropped.
  std::shared_ptr<arrow::Table> run(std::stop_token stop = {});

  struct Plan;
  explicit SearchBuilder(std::unique_ptr<Plan> plan);

 private:
  Plan& open_plan();

  std::unique_ptr<Plan> plan_;
};

}  // namespace jammi
