#pragma once

#include <filesystem>
#include <optional>

#include <jammi/config.h>

#include "config/environment.h"

namespace jammi::config {

/// `default_config` with the directories that `environment` names (XDG_DATA_HOME, HOME).
Config defaults(const Environment& environment);

/// The file to read: `explicit_path`, else the first of $JAMMI_CONFIG, `directory`/jammi.toml and
/// $XDG_CONFIG_HOME/jammi/config.toml (~/.config/jammi/config.toml) that exists, else nothing. Throws Config
/// NotFound when `explicit_path` does not exist; a missing $JAMMI_CONFIG is logged and passed over.
std::optional<std::filesystem::path> find_file(const std::optional<std::filesystem::path>& explicit_path,
                                               const Environment& environment,
                                               const std::filesystem::path& directory);

/// `load_config` with everything it takes from the process given.
Config load(const std::optional<std::filesystem::path>& explicit_path, const Environment& environment,
            const std::filesystem::path& directory);

}  // namespace jammi::config
