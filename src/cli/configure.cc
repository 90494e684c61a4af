#include "cli/configure.h"

#include "base/log.h"

namespace jammi::cli {
namespace {

log::Level to_log_level(Config::LogLevel level) {
  switch (level) {
    case Config::LogLevel::Trace:
      return log::Level::Trace;
    case Config::LogLevel::Debug:
      return log::Level::Debug;
    case Config::LogLevel::Info:
      return log::Level::Info;
    case Config::LogLevel::Warn:
      return log::Level::Warn;
    case Config::LogLevel::Error:
      return log::Level::Error;
  }
  return log::Level::Info;
}

}  // namespace

Config configure(const Context& context) {
  Config config = load_config(context.config_path);
  log::configure(to_log_level(config.logging.level),
                 config.logging.format == Config::LogFormat::Json ? log::Format::Json : log::Format::Text);
  return config;
}

}  // namespace jammi::cli
