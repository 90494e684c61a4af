#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace arrow {
class Schema;
}

namespace jammi {

/// What a column of a mutable table holds; the Arrow types of the same names. Wider ones are kept as numbers,
/// for example a timestamp as Int64 milliseconds since 1970.
enum class ColumnType {
  Boolean,
  Int8,
  Int16,
  Int32,
  Int64,
  UInt8,
  UInt16,
  UInt32,
  UInt64,
  Float32,
  Float64,
  Utf8,
  Binary,
};

std::string_view to_string(ColumnType type) noexcept;  ///< the enumerator's name

/// Parses the words of `to_string`. Throws InvalidArgument for anything else.
ColumnType parse_column_type(std::string_view word);

struct MutableColumn {
  std::string name;
  ColumnType type = ColumnType::Utf8;
  bool is_nullable = false;

  bool operator==(const MutableColumn&) const = default;
};

/// The columns of an Arrow schema. Throws Unsupported, naming the column, for a type that no ColumnType is.
std::vector<MutableColumn> columns_of(const arrow::Schema& schema);

struct MutableIndex {
  std::string name;  ///< unique among the indexes of all tables
  std::vector<std::string> columns;
  bool is_unique = false;

  bool operator==(const MutableIndex&) const = default;
};

/// A mutable table: rows that SQL changes in transactions, readable as `mutable.public.<id>`.
struct MutableTableDefinition {
  std::string id;
  std::vector<MutableColumn> columns;
  std::vector<std::string> primary_key;  ///< its columns are never null, whatever they were declared as
  std::vector<MutableIndex> indexes;
  std::optional<std::string> order_column;  ///< Int64 or UInt64; what rows are replayed by
  uint64_t chunk_size = 8192;               ///< rows per batch of a replay; not stored
  std::string user_metadata = "{}";         ///< JSON of the caller's
  std::optional<std::string> tenant_id;     ///< filled by the catalog, as are the times
  std::string created_at;                   ///< "YYYY-MM-DD HH:MM:SS" UTC
  std::string updated_at;

  bool operator==(const MutableTableDefinition&) const = default;
};

/// Puts a definition together:
///
///   MutableTableBuilder("items")
///       .column("item_id", ColumnType::Utf8)
///       .nullable_column("valid_to", ColumnType::Int64)
///       .primary_key({"item_id"})
///       .build();
class MutableTableBuilder {
 public:
  explicit MutableTableBuilder(std::string id, std::vector<MutableColumn> columns = {});

  MutableTableBuilder& column(std::string name, ColumnType type);
  MutableTableBuilder& nullable_column(std::string name, ColumnType type);
  MutableTableBuilder& primary_key(std::vector<std::string> columns);
  MutableTableBuilder& index(MutableIndex index);
  MutableTableBuilder& order_column(std::string column);
  MutableTableBuilder& chunk_size(uint64_t rows);
  MutableTableBuilder& user_metadata(std::string json);

  /// The definition. Throws MutableTable errors of code InvalidArgument when it breaks a rule: an id is 1 to
  /// 63 of [a-z0-9_] and no name of the catalog's own; the names `tenant_id` and `_...` are reserved; the
  /// primary key and the indexes name columns; the order column is Int64 or UInt64.
  MutableTableDefinition build() const;

 private:
  MutableTableDefinition definition_;
};

}  // namespace jammi
