#pragma once

#include <string>
#include <vector>

#include <jammi/database.h>
#include <jammi/records.h>

#include "inference/task.h"

namespace jammi::inference {

/// Which text, or which images, of which source a model reads.
struct TextInput {
  std::string source;
  std::vector<std::string> columns;  ///< of text: joined with one space, nulls skipped; of images: one
  std::string key;                   ///< its text becomes `_row_id`
  std::string table = {};            ///< of the source; empty: the one that has the columns
};

/// The table that `input` names. Throws Source NotFound for an unknown source, table, column or key,
/// InvalidArgument without columns, or when several tables have them.
TableDescription describe_table(const Database& database, const TextInput& input);

/// `SELECT key, column, ... FROM relation` in table order, text columns cast to text and images as they are:
/// what a Task reads. `key` is a SQL expression of type text, `relation` a quoted path. Throws
/// InvalidArgument for more than one column of images.
std::string content_query(Content content, const std::string& key, const std::vector<std::string>& columns,
                          const std::string& relation);

/// A column as a SQL expression of type text.
std::string text_of(const std::string& column);

}  // namespace jammi::inference
