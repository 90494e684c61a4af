#include "base/log.h"

#include <cstdlib>
#include <string>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace jammi::log {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::Trace:
      return spdlog::level::trace;
    case Level::Debug:
      return spdlog::level::debug;
    case Level::Info:
      return spdlog::level::info;
    case Level::Warn:
      return spdlog::level::warn;
    case Level::Error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

Format& current_format() {
  static Format format = Format::Text;
  return format;
}

spdlog::logger& logger() {
  static std::shared_ptr<spdlog::logger> instance = [] {
    auto created =
        std::make_shared<spdlog::logger>("jammi", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    created->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
    created->set_level(spdlog::level::warn);
    return created;
  }();
  return *instance;
}

std::string json_escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

void write(Level level, std::string_view message) {
  if (!logger().should_log(to_spdlog(level))) return;
  if (current_format() == Format::Json) {
    logger().log(to_spdlog(level), "{}", json_escaped(message));
  } else {
    logger().log(to_spdlog(level), "{}", message);
  }
}

}  // namespace

Level parse_level(std::string_view word, Level fallback) noexcept {
  if (word == "trace") return Level::Trace;
  if (word == "debug") return Level::Debug;
  if (word == "info") return Level::Info;
  if (word == "warn") return Level::Warn;
  if (word == "error") return Level::Error;
  return fallback;
}

void configure(Level level, Format format) {
  if (const char* filter = std::getenv("RUST_LOG")) {
    std::string_view rest = filter;
    while (!rest.empty()) {
      size_t comma = rest.find(',');
      std::string_view directive = rest.substr(0, comma);
      size_t equals = directive.find('=');
      if (equals != std::string_view::npos) directive = directive.substr(equals + 1);
      level = parse_level(directive, level);
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  current_format() = format;
  logger().set_level(to_spdlog(level));
  logger().set_pattern(format == Format::Json
                           ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e","level":"%l","message":"%v"})"
                           : "%Y-%m-%dT%H:%M:%S.%e %l %v");
}

void debug(std::string_view message) {
  write(Level::Debug, message);
}
void info(std::string_view message) {
  write(Level::Info, message);
}
void warn(std::string_view message) {
  write(Level::Warn, message);
}
void error(std::string_view message) {
  write(Level::Error, message);
}

}  // namespace jammi::log
