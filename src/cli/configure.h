#pragma once

#include <jammi/config.h>

#include "cli/commands.h"

namespace jammi::cli {

/// Loads the configuration that the command line names and sets the log up as it says.
Config configure(const Context& context);

}  // namespace jammi::cli
