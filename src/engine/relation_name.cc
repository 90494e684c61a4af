#include "engine/relation_name.h"

#include <vector>

#include <jammi/error.h>

namespace jammi::engine {
namespace {

[[noreturn]] void refuse(std::string_view text) {
  throw Error(ErrorCode::InvalidArgument, ErrorCategory::Sql,
              "the relation must be written '<source>.public.<table>', not: " + std::string(text));
}

bool is_plain(char c) {
  return c != '"' && c != '.' && c != '\'' && c != ';' && c != '(' && c != ')' &&
         static_cast<unsigned char>(c) > ' ';
}

/// Takes one identifier off the front of `rest`.
std::string take_part(std::string_view& rest, std::string_view whole) {
  std::string part;
  if (!rest.starts_with('"')) {
    while (!rest.empty() && is_plain(rest.front())) {
      part += rest.front();
      rest.remove_prefix(1);
    }
  } else {
    rest.remove_prefix(1);
    while (!rest.empty() && (rest.front() != '"' || rest.starts_with("\"\""))) {
      if (rest.front() == '"') rest.remove_prefix(1);
      part += rest.front();
      rest.remove_prefix(1);
    }
    if (rest.empty()) refuse(whole);
    rest.remove_prefix(1);
  }
  if (part.empty()) refuse(whole);
  return part;
}

}  // namespace

RelationName parse_relation_name(std::string_view text) {
  std::string_view rest = text;
  std::vector<std::string> parts = {take_part(rest, text)};
  while (rest.starts_with('.')) {
    rest.remove_prefix(1);
    parts.push_back(take_part(rest, text));
  }
  if (!rest.empty() || parts.size() != 3 || parts[1] != "public") refuse(text);
  return {parts[0], parts[2]};
}

}  // namespace jammi::engine
