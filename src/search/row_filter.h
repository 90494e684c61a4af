#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include <jammi/database.h>
#include <jammi/records.h>

#include "base/lru_cache.h"
#include "index/row_lookup.h"
#include "index/row_set.h"
#include "index/vector_index.h"

namespace jammi::search {

/// A SQL condition over the columns of a source.
struct RowPredicate {
  std::string text;            ///< as it was written
  std::string expression;      ///< in canonical spelling, safe to paste between parentheses
  bool is_repeatable = false;  ///< whether only the source's files decide about it (Database::is_repeatable)
};

/// Checks a condition without reading a row. Errors begin with "Filter parse: "; InvalidArgument when `text`
/// is not one boolean expression over the columns of the table's source.
RowPredicate parse_row_predicate(Database& database, const ResultTableRecord& table, const std::string& text);

/// The condition that every row meets which the tenant sees.
RowPredicate all_visible_rows();

/// The rows of a result table that meet a condition.
struct MatchingRows {
  std::shared_ptr<const index::RowSet> rows;
  std::optional<std::string> digest;  ///< that `RowFilter::digest` gives for as long as these rows meet it
};

/// Tells which rows of one result table have a row in its source, of the same key, that the tenant sees and
/// that meets a condition.
/// The answers to the latest conditions are remembered until the source's files change. Thread-safe.
class RowFilter {
 public:
  explicit RowFilter(std::shared_ptr<const index::VectorIndex> index) : index_(std::move(index)) {}

  /// Whether there may be rows that the tenant does not see: the source's table has a tenant column.
  bool has_hidden_rows(Database& database, const ResultTableRecord& table);

  /// Text that tells the condition, the tenant and the state of the source's files from others: the same
  /// text, the same rows of the table. None when more than the files decides about them.
  static std::optional<std::string> digest(const Database& database, const ResultTableRecord& table,
                                           const RowPredicate& predicate);

  MatchingRows matching_rows(Database& database, const ResultTableRecord& table,
                             const RowPredicate& predicate, std::stop_token stop);

 private:
  /// A bit for each row of the table and answer: ten megabytes for five million rows.
  static constexpr uint64_t kMaxAnswers = 16;

  const index::RowLookup& lookup();
  index::RowSet ask(Database& database, const ResultTableRecord& table, const RowPredicate& predicate,
                    std::stop_token stop);

  const std::shared_ptr<const index::VectorIndex> index_;
  std::once_flag lookup_is_made_;
  std::optional<index::RowLookup> lookup_;
  std::mutex mutex_;                // guards the two below
  std::string shape_fingerprint_;   // of the source when it was last looked at
  bool has_tenant_column_ = false;  // in that state
  // By digest.
  base::LruCache<std::string, index::RowSet, std::hash<std::string>> answers_{kMaxAnswers};
};

}  // namespace jammi::search
