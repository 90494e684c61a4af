#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace jammi::sql {

/// `name` as a quoted SQL identifier: `a"b` becomes `"a""b"`.
std::string quote_identifier(std::string_view name);

/// A qualified name with every part quoted: {"patents", "public", "t"} becomes `"patents"."public"."t"`.
std::string quote_path(std::initializer_list<std::string_view> parts);

/// Whether two names mean the same in SQL, which does not tell the case of ASCII letters.
bool is_same_name(std::string_view a, std::string_view b);

/// `text` as a SQL string literal: `it's` becomes `'it''s'`.
std::string quote_literal(std::string_view text);

}  // namespace jammi::sql
