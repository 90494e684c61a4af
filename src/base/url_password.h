#pragma once

#include <string>
#include <string_view>

namespace jammi::base {

/// `text` with "***" for the password of every URL in it: that of the user ("postgresql://ann:***@host/db")
/// and that of a parameter ("?password=***"). For whatever is shown, logged or thrown.
std::string hide_passwords(std::string_view text);

}  // namespace jammi::base
