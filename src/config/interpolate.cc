#include "config/interpolate.h"

#include <algorithm>

#include <jammi/error.h>

namespace jammi::config {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

[[noreturn]] void fail(std::string message) {
  throw Error(ErrorCode::InvalidArgument, ErrorCategory::Config, std::move(message));
}

/// The value of the reference whose `${` stands at `offset`; moves `offset` behind its `}`.
std::string resolve_reference(std::string_view text, size_t& offset, const Environment& environment) {
  size_t end = text.find('}', offset);
  if (end == std::string_view::npos) {
    fail("Unterminated env-var reference `${` at offset " + std::to_string(offset));
  }
  std::string name(text.substr(offset + 2, end - offset - 2));
  if (!is_variable_name(name)) {
    fail("Invalid env-var name `${" + name + "}` at offset " + std::to_string(offset) +
         ": names must match [A-Za-z_][A-Za-z0-9_]*");
  }
  auto variable = environment.find(name);
  if (variable == environment.end()) {
    fail("Env var `" + name + "` referenced by config is not set");
  }
  offset = end + 1;
  return variable->second;
}

}  // namespace

std::string interpolate(std::string_view text, const Environment& environment) {
  std::string result;
  result.reserve(text.size());
  for (size_t offset = 0; offset < text.size();) {
    std::string_view rest = text.substr(offset);
    if (rest.starts_with("${")) {
      result += resolve_reference(text, offset, environment);
    } else if (rest.starts_with("$$")) {
      result += '$';
      offset += 2;
    } else {
      result += text[offset++];
    }
  }
  return result;
}

}  // namespace jammi::config
