#pragma once

#include <map>
#include <optional>
#include <string>

namespace jammi::config {

/// Environment variables by name.
using Environment = std::map<std::string, std::string>;

/// The variables of this process at the time of the call.
Environment process_environment();

/// The value of `name`; nothing when it is unset or empty.
std::optional<std::string> find_nonempty(const Environment& environment, const std::string& name);

}  // namespace jammi::config
