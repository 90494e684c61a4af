#pragma once

#include <string>
#include <utility>
#include <vector>

#include <jammi/database.h>
#include <jammi/search.h>

namespace arrow {
class Schema;
}

namespace jammi::search {

/// A join of the rows of a search with the first table of a source, ready to be written as SQL.
struct Join {
  JoinType type = JoinType::Left;
  std::string source;
  std::string table_path;  ///< quoted
  std::string left, right;
  bool compares_text = false;  ///< whether both sides are cast to text first
  std::vector<std::pair<std::string, std::string>>
      columns;  ///< of the source, with their names in the result
};

/// The columns of a source that a join appends, with the names they get: themselves, or "<source>_<name>" for
/// those that `present` has already or whose name the engine owns. Throws Conflict, naming both, when that
/// name is taken as well.
std::vector<std::pair<std::string, std::string>> joined_columns(const std::vector<std::string>& present,
                                                                const std::string& source,
                                                                const std::vector<std::string>& columns);

/// The join that a call of `SearchBuilder::join` means for rows of the schema `rows`; throws as it says.
Join plan_join(Database& database, const arrow::Schema& rows, const std::string& source,
               const std::string& on, JoinType type);

}  // namespace jammi::search
