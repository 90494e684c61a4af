#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <jammi/config.h>

namespace jammi::config {

// One settable place in Config per type of value. `at` gives the place; the rest is what a value must
// satisfy.

struct WholeNumber {
  uint64_t& (*at)(Config&);
  uint64_t minimum = 0;
};
struct OptionalWholeNumber {
  std::optional<uint64_t>& (*at)(Config&);
};
struct Integer {
  int64_t& (*at)(Config&);
  int64_t minimum;
};
/// A number in (0, 1].
struct Fraction {
  double& (*at)(Config&);
};
struct Flag {
  bool& (*at)(Config&);
};
struct Text {
  std::string& (*at)(Config&);
};
/// Text that `parse_byte_size` accepts, or "auto" where that is allowed.
struct ByteSize {
  std::string& (*at)(Config&);
  bool allows_auto = false;
};
struct Path {
  std::filesystem::path& (*at)(Config&);
};
struct OptionalPath {
  std::optional<std::filesystem::path>& (*at)(Config&);
};
/// One of `words`; `get` and `set` translate between a word's position and the enumerator.
struct Word {
  std::span<const std::string_view> words;
  size_t (*get)(const Config&);
  void (*set)(Config&, size_t);
};
struct TextList {
  std::vector<std::string>& (*at)(Config&);
};
/// HTTP header names (compared without regard to case) and their values.
struct Headers {
  std::map<std::string, std::string>& (*at)(Config&);
};

/// Names in lower case and URLs.
struct Urls {
  std::map<std::string, std::string>& (*at)(Config&);
};

using Setting = std::variant<WholeNumber, OptionalWholeNumber, Integer, Fraction, Flag, Text, ByteSize, Path,
                             OptionalPath, Word, TextList, Headers, Urls>;

/// One key of the configuration. `name` is dotted ("engine.batch_size"). A key whose `reserved_for` names a
/// part of the engine that does not exist yet is read and checked; a value other than the default logs that
/// it has no effect.
struct Key {
  std::string_view name;
  Setting setting;
  std::string_view reserved_for;
};

/// Every key, in the order of docs/configuration.md. Reading a file, reading the environment and the
/// documentation's test all go through this table.
std::span<const Key> keys();

/// "JAMMI_ENGINE__BATCH_SIZE" for "engine.batch_size".
std::string variable_name(const Key& key);

/// Logs that the value `setter` gave a reserved key has no effect, unless it is the default.
void warn_if_reserved(const Key& key, std::string_view setter, const Config& config);

}  // namespace jammi::config
