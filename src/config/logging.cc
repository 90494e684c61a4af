#include "config/logging.h"

#include "base/log.h"

namespace jammi::config {
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

void configure_log(const Config::Logging& logging) {
  log::configure(to_log_level(logging.level),
                 logging.format == Config::LogFormat::Json ? log::Format::Json : log::Format::Text);
}

}  // namespace jammi::config
