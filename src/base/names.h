#pragma once

#include <string_view>

namespace jammi::base {

/// What a name that users give must be, for messages.
inline constexpr std::string_view kNameRule = "1 to 255 bytes of UTF-8 without control characters";

/// Whether `name` follows the rule: it can be kept in the catalog, shown, and be a column of a result.
bool follows_name_rule(std::string_view name) noexcept;

}  // namespace jammi::base
