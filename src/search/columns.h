#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <jammi/database.h>
#include <jammi/error.h>

namespace arrow {
class Schema;
}

/// The columns of a search, their names, and how messages speak of them.
namespace jammi::search {

/// Hidden BIGINT column that orders the rows.
inline constexpr char kRankColumn[] = "_jammi_rank";

/// Whether the engine owns a name, whatever its case.
bool is_engine_column(const std::string& name);

/// Whether `names` has `name`, whatever its case.
bool has_name(const std::vector<std::string>& names, const std::string& name);

/// The names that a source's columns have in a result: themselves, or "source_<name>" (once more while that
/// is a column, too) for those whose name the engine owns.
std::vector<std::string> result_names(const std::vector<std::string>& source_columns);

/// The engine's columns around those of a source: _row_id, _source_id, ..., similarity, rank.
std::shared_ptr<arrow::Schema> hits_schema(const arrow::Schema& source);

/// The quoted path of the source's table that has `columns`. Throws as `db::find_table`.
std::string table_path(const Database& database, const std::string& source,
                       const std::vector<std::string>& columns);

/// The columns of the source that `table` was made of, the key if it has one.
std::vector<std::string> embedded_columns(const ResultTableRecord& table);

/// The columns of the table at a quoted path.
std::shared_ptr<arrow::Schema> table_schema(Database& database, const std::string& path);

/// A value from outside as messages and explanations show it: shortened when it is long.
std::string shown(std::string_view value);

/// Names, separated by commas, as messages and explanations show them.
std::string shown(const std::vector<std::string>& names);

/// NotFound "<step> column '<column>': not a column of <owner>".
Error unknown_column(const std::string& step, const std::string& column, const std::string& owner);

}  // namespace jammi::search
