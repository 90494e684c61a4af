#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <jammi/mutable_table.h>

#include "catalog/connection.h"
#include "catalog/tenant_scope.h"

/// What SQL asks of the store behind the mutable tables. Implementations throw jammi::Error.
namespace jammi::sql {

/// One value of a row: nothing for NULL; Booleans and integers of every width as an Int64, a UInt64 as the
/// one of the same bits; floats; the bytes of a text or binary, borrowed.
using Cell = catalog::Value;

/// The same with bytes of its own.
using OwnedCell = std::variant<std::monostate, int64_t, double, std::string>;

/// The same value, whose bytes stay those of `cell`.
inline Cell borrowed(const OwnedCell& cell) {
  return std::visit([](const auto& value) -> Cell { return value; }, cell);
}

/// A test of one column, with the meaning that SQL gives it for values of the column's own type. NULL passes
/// IsNull alone. `operands` has the values of In, the one of a comparison, or none.
struct Condition {
  enum class Test { Equal, Less, LessOrEqual, Greater, GreaterOrEqual, In, IsNull, IsNotNull };

  size_t column = 0;  ///< position in the table's definition
  Test test = Test::Equal;
  std::vector<OwnedCell> operands;

  bool operator==(const Condition&) const = default;
};

/// A new value of a column: `value`, or the integer `value` added to what the column `addend` holds.
struct Assignment {
  size_t column = 0;  ///< positions in the table's definition
  std::optional<size_t> addend;
  OwnedCell value;
};

/// The rows of a scan, one at a time.
class RowCursor {
 public:
  virtual ~RowCursor() = default;

  /// Advances to the next row; false when there is none.
  virtual bool next() = 0;

  /// A column of the current row, in the order they were asked for. Bytes are borrowed until `next`.
  virtual Cell cell(size_t position) const = 0;
};

/// Makes one change per row it is given.
class RowWriter {
 public:
  virtual ~RowWriter() = default;

  /// The number of rows that were changed: 0 when there is no row of that key. Throws InvalidArgument for a
  /// NULL where none may be, AlreadyExists for a key that is taken, a Tenant error when a tenant changes or
  /// removes a row that belongs to nobody.
  virtual int64_t write(std::span<const Cell> cells) = 0;

  /// To be called after the last row: a writer of many rows may hold some back until then, and throw here
  /// what `write` would have.
  virtual void finish() {}
};

/// Reads and changes that see each other and land together. Used by one thread at a time; it and the
/// definitions it is given must outlive its cursors and writers. Rolls back when destroyed without `commit`.
/// After an error nothing but that is left.
class StoreTransaction {
 public:
  virtual ~StoreTransaction() = default;

  virtual std::optional<MutableTableDefinition> find(const std::string& id) = 0;

  /// The rows that meet all `conditions`; columns are positions in the definition.
  virtual std::unique_ptr<RowCursor> scan(const MutableTableDefinition& table,
                                          std::span<const size_t> columns,
                                          std::span<const Condition> conditions) = 0;

  /// Writes rows of all columns in the definition's order.
  virtual std::unique_ptr<RowWriter> insert(const MutableTableDefinition& table) = 0;

  /// Writes the new values of `columns`, followed by the primary key of the row to change.
  virtual std::unique_ptr<RowWriter> update(const MutableTableDefinition& table,
                                            std::span<const size_t> columns) = 0;

  /// Writes the primary key of the row to remove.
  virtual std::unique_ptr<RowWriter> remove(const MutableTableDefinition& table) = 0;

  virtual void commit() = 0;
};

/// The mutable tables. Thread-safe.
class MutableStore {
 public:
  enum class Access { Read, Write };

  virtual ~MutableStore() = default;

  /// Starts a transaction over the rows that `scope` sees, whose new rows are stamped with its tenant. One
  /// that writes waits for its turn; Unavailable when that takes too long.
  virtual std::unique_ptr<StoreTransaction> begin(Access access, const catalog::TenantScope& scope) = 0;

  /// The table of that id, whoever owns it.
  virtual std::optional<MutableTableDefinition> find(const std::string& id) = 0;

  /// All tables, ordered by id.
  virtual std::vector<MutableTableDefinition> list() = 0;

  // One row in a single message to the database, where that is faster than a transaction.

  /// The table as a transaction last found it, which may be out of date; nothing where this is no faster.
  virtual std::optional<MutableTableDefinition> recall(const std::string& id) = 0;

  /// A cursor before the row of the primary key, whose columns Equal `key`. Null when there is no such row
  /// that `scope` sees, or the table is not `table` any more: a transaction tells.
  virtual std::unique_ptr<RowCursor> select_row(const MutableTableDefinition& table,
                                                std::span<const size_t> columns,
                                                std::span<const Condition> key,
                                                const catalog::TenantScope& scope) = 0;

  /// Changes that row, or removes it when there are no assignments, for good. False, with nothing changed,
  /// for the same reasons or when a value cannot be stored.
  virtual bool change_row(const MutableTableDefinition& table, std::span<const Condition> key,
                          std::span<const Assignment> assignments, const catalog::TenantScope& scope) = 0;
};

}  // namespace jammi::sql
