#pragma once

#include <jammi/config.h>

namespace jammi::config {

/// Gives the engine's log the level and format that a configuration asks for.
void configure_log(const Config::Logging& logging);

}  // namespace jammi::config
