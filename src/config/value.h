#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include <jammi/error.h>

#include "config/keys.h"

namespace jammi::config {

/// A value as a file or a variable gives it; `monostate` stands for a type that no key has.
using Value = std::variant<std::monostate, bool, int64_t, double, std::string, std::vector<std::string>,
                           std::map<std::string, std::string>>;

/// Who gave a value: the text that errors begin with, and their category.
struct Origin {
  std::string name;
  ErrorCategory category;
};

/// Stores `value` in the setting's place. Throws InvalidArgument, naming the origin and what is wanted, for a
/// value of another type or out of range.
void assign(const Setting& setting, const Value& value, const Origin& origin, Config& config);

/// The value that `text` spells for this setting: numbers and flags are parsed, lists are comma-separated.
/// Text that does not parse stays text, which `assign` then refuses.
Value parse_text(const Setting& setting, const std::string& text);

}  // namespace jammi::config
