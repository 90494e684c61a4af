#pragma once

#include <string_view>

/// The engine's log. Lines go to standard error, never to standard output; thread-safe.
namespace jammi::log {

enum class Level { Trace, Debug, Info, Warn, Error };
enum class Format { Text, Json };

/// Sets the sink's level and format. `RUST_LOG`, when set, overrides `level` (its last plain level word
/// wins).
void configure(Level level, Format format);

void debug(std::string_view message);
void info(std::string_view message);
void warn(std::string_view message);
void error(std::string_view message);

/// Parses trace, debug, info, warn or error; returns `fallback` for anything else.
Level parse_level(std::string_view word, Level fallback) noexcept;

}  // namespace jammi::log
