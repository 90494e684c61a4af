#pragma once

#include "cli/commands.h"

namespace jammi::cli {

/// Parses the command line and runs the command it names. Prints usage errors and help itself; returns 0, or
/// 2 for a usage error. Errors of the engine are thrown.
int run(int argc, const char* const* argv, Context& context);

}  // namespace jammi::cli
