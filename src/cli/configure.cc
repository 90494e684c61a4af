#include "cli/configure.h"

#include "config/logging.h"

namespace jammi::cli {

Config configure(const Context& context) {
  Config config = load_config(context.config_path);
  config::configure_log(config.logging);
  return config;
}

}  // namespace jammi::cli
