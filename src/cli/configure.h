#pragma once

#include <memory>

#include <jammi/config.h>
#include <jammi/database.h>
#include <jammi/session.h>

#include "cli/commands.h"

/// What a command begins with. All throw what the configuration, the tenant or opening throws.
namespace jammi::cli {

/// Loads the configuration that the command line names and sets the log up as it says.
Config configure(const Context& context);

/// The database or the engine of that configuration, bound to the tenant that the command line names.
std::unique_ptr<Database> open_database(const Context& context);
std::unique_ptr<Session> open_session(const Context& context);

}  // namespace jammi::cli
