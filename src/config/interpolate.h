#pragma once

#include <string>
#include <string_view>

#include "config/environment.h"

namespace jammi::config {

/// Replaces `${NAME}` by the variable's value and `$$` by one `$`, in one pass from left to right over the
/// raw text of a file, comments included; values are not scanned again, a lone `$` stays. Throws a Config
/// error for an unset variable, a bad name or a missing `}`.
std::string interpolate(std::string_view text, const Environment& environment);

}  // namespace jammi::config
