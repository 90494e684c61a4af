#pragma once

#include <string>
#include <string_view>

namespace jammi::engine {

/// A table of a source.
struct RelationName {
  std::string source;
  std::string table;

  bool operator==(const RelationName&) const = default;
};

/// Reads `<source>.public.<table>`; each part may be quoted as SQL quotes identifiers. InvalidArgument for
/// anything else.
RelationName parse_relation_name(std::string_view text);

}  // namespace jammi::engine
