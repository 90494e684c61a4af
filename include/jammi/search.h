#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <jammi/records.h>

namespace arrow {
class Table;
}

namespace jammi {

struct SearchOptions {
  std::string table = {};   ///< result table to search; empty: the latest ready one of the source
  std::string filter = {};  ///< SQL condition over the source's columns; empty: all rows may be found
};

/// Which rows of a search a join keeps: all of them, with nulls where nothing matches, or those that match.
enum class JoinType { Left, Inner };

/// Parses "left" or "inner"; throws InvalidArgument for anything else.
JoinType parse_join_type(std::string_view word);

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

  /// Adds the columns of another source's first table where `on`, "<column of the search>=<column of the
  /// source>", holds. Columns of different types are compared as text unless both are numbers. A row that has
  /// several matches comes several times. A column whose name is taken comes as "<source>_<name>".
  /// InvalidArgument when `on` has no '=', NotFound for an unknown source or column, Conflict when
  /// "<source>_<name>" is taken, too.
  SearchBuilder& join(const std::string& source, const std::string& on, JoinType type = JoinType::Left);

  /// Adds what a model says about the text of `columns` (joined with one space, nulls skipped): the columns
  /// of `Session::infer`'s task (`vector` for text_embedding), null where a row has no text, and
  /// inference_model, inference_task and inference_confidence (float32, null for a task that has none). Loads
  /// the model at once; rows are read by `run`. NotFound for an unknown column, Conflict for an added column
  /// whose name is taken, what loading throws otherwise.
  SearchBuilder& annotate(const std::string& model, ModelTask task, const std::vector<std::string>& columns,
                          std::stop_token stop = {});

  /// Keeps rows for which a SQL boolean expression over the current columns is true. InvalidArgument when it
  /// does not parse or names an unknown column.
  SearchBuilder& filter(const std::string& predicate);

  /// Orders by one column, nulls last in both directions. NotFound for an unknown column.
  SearchBuilder& sort(const std::string& column, bool descending = false);

  SearchBuilder& limit(size_t num_rows);

  /// Keeps the named columns, in that order. NotFound for an unknown column.
  SearchBuilder& select(const std::vector<std::string>& columns);

  /// What `run` would do, for people to read: how the k rows are found (index, exact scan, filtered index or
  /// filtered exact scan) and why, then a line for each step in the order called. Reads rows only to count
  /// those that the search's own filter keeps.
  std::string explain(std::stop_token stop = {});

  /// Runs the plan. Rows come by similarity descending unless sorted. The columns are those of the plan, then
  /// retrieved_by and annotated_by (list of string, never null, present whatever was selected), then
  /// similarity and the inference_ columns as far as the plan has them. A neighbour whose row has left the
  /// source is dropped.
  std::shared_ptr<arrow::Table> run(std::stop_token stop = {});

  /// `run`, when it would have no moment at which a stop request ends it: neighbours of the whole table,
  /// shown from the row store, without steps. Null otherwise, and the builder is as it was.
  std::shared_ptr<arrow::Table> run_at_once();

  struct Plan;
  explicit SearchBuilder(std::unique_ptr<Plan> plan);

 private:
  Plan& open_plan();
  Plan& plan_with_columns();

  std::unique_ptr<Plan> plan_;
};

}  // namespace jammi
