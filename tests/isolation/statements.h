#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace jammi::isolation {

/// One statement of the corpus.
struct Statement {
  std::string name;
  std::string text;  ///< with $t for a table, $owner for its tenant column, $alice and $bob for the tenants
};

/// Those of a file like statements.sql: lines of a name ("-- name") and of its statement, blank lines
/// between. A heading begins with "-- #".
std::vector<Statement> read_statements(const std::filesystem::path& file);

/// `text` with every `from` as `to`.
std::string replaced(std::string text, const std::string& from, const std::string& to);

}  // namespace jammi::isolation
