#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace jammi::cli {

/// Terminal columns that UTF-8 text occupies: 2 for East Asian wide characters and emoji, 0 for combining
/// marks, 1 for the rest.
size_t display_width(std::string_view text) noexcept;

/// Characters (code points) of UTF-8 text.
size_t count_characters(std::string_view text) noexcept;

/// `text` with everything a terminal must not see replaced: control characters by escapes such as \t and
/// \x1b, bytes that are not UTF-8 by U+FFFD. Line feeds stay.
std::string printable(std::string_view text);

/// `text` with each byte that is not UTF-8 replaced by U+FFFD.
std::string repaired_utf8(std::string_view text);

}  // namespace jammi::cli
