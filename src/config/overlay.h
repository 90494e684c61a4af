#pragma once

#include <string_view>

#include <jammi/config.h>

#include "config/environment.h"

namespace jammi::config {

/// Stores the keys of a TOML document in `config`. Throws Toml errors for text that is not TOML and for
/// values of a wrong type or out of range. Unknown keys, and known ones without effect, are logged as
/// warnings.
void apply_toml(std::string_view text, Config& config);

/// Stores the JAMMI_<SECTION>__<FIELD> variables in `config`; JAMMI_INFERENCE__HTTP__HEADERS__<NAME> sets one
/// header, with hyphens for the underscores of NAME. Throws Config errors that name the variable. Variables
/// of that shape which belong to no key are logged as warnings.
void apply_environment(const Environment& environment, Config& config);

}  // namespace jammi::config
