#pragma once

#include <string>
#include <vector>

#include <jammi/database.h>
#include <jammi/records.h>

namespace jammi::inference {

/// Which text of which source a model reads.
struct TextInput {
  std::string source;
  std::vector<std::string> columns;  ///< joined with one space, nulls skipped
  std::string key;                   ///< its text becomes `_row_id`
  std::string table = {};            ///< of the source; empty: its first
};

/// The table that `input` names. Throws Source NotFound for an unknown source, table, column or key,
/// InvalidArgument without columns.
TableDescription describe_table(const Database& database, const TextInput& input);

/// `SELECT key, column, ... FROM relation` with everything cast to text, in table order: what a TextRowReader
/// reads. `key` is a SQL expression, `relation` a quoted path.
std::string text_query(const std::string& key, const std::vector<std::string>& columns,
                       const std::string& relation);

/// A column as a SQL expression of type text.
std::string text_of(const std::string& column);

}  // namespace jammi::inference
