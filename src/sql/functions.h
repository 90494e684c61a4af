#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "catalog/tenant_scope.h"

namespace arrow {
class RecordBatchReader;
class Schema;
}  // namespace arrow

/// Functions that higher layers add to an Engine. `bind` is called while a statement is planned, once for
/// each call in it; what it throws fails the statement with the function's name in front. Callbacks come from
/// any thread, several at once; they may run statements of their own, which must see no more than the calling
/// one. The stop tokens they get are set when the statement is stopped or given up.
namespace jammi::sql {

/// The statement that a call stands in.
struct Caller {
  catalog::TenantScope scope;  ///< what it may see
  std::stop_token stop;
};

/// A constant argument: NULL, a whole number, a text or a list of numbers.
using Constant = std::variant<std::monostate, int64_t, std::string, std::vector<float>>;

/// What a call of a table function gives.
struct FunctionRows {
  std::shared_ptr<arrow::Schema> schema;
  /// Begins to produce rows of exactly `schema`; called anew for each scan, when its first row is wanted.
  std::function<std::shared_ptr<arrow::RecordBatchReader>(std::stop_token stop)> open;
  std::optional<uint64_t> estimated_rows = std::nullopt;
};

/// `name(argument, ...)` in FROM. Its arguments are constants; anything else fails before `bind`.
struct TableFunction {
  std::string name;
  std::function<FunctionRows(const std::vector<Constant>& arguments, const Caller& caller)> bind;
};

/// What a call of a vector function computes.
struct TextVectors {
  uint32_t dimensions = 0;
  /// One vector for each text, none of which is empty: [texts, dimensions], row-major.
  std::function<std::vector<float>(std::span<const std::string_view> texts, std::stop_token stop)> compute;
};

/// `name('constant', text)` in an expression, of type FLOAT[dimensions]; NULL for NULL and for empty text.
/// All calls of one statement with the same constant share what one `bind` gave. `compute` gets the texts of
/// up to 2,048 rows at a time, collected until there are so many where every row needs the call
/// (batching_rule.h). It may see a row again when the statement has the call above and below a join or a
/// sort.
struct VectorFunction {
  std::string name;
  std::function<TextVectors(const std::string& constant, const Caller& caller)> bind;
};

}  // namespace jammi::sql
