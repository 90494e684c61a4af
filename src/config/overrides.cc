#include <algorithm>
#include <string>

#include <jammi/error.h>

#include "base/log.h"
#include "config/overlay.h"
#include "config/value.h"

namespace jammi::config {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

void set_header(const Headers& setting, std::string name, const std::string& value, Config& config) {
  std::ranges::replace(name, '_', '-');
  auto& headers = setting.at(config);
  std::erase_if(headers, [&](const auto& header) { return equal_ignoring_case(header.first, name); });
  headers.emplace(std::move(name), value);
}

/// What the variable `name` says behind that of a table of `key`; empty for another variable.
std::string entry_name(const Key& key, const std::string& name) {
  const std::string prefix = variable_name(key) + "__";
  return name.starts_with(prefix) ? name.substr(prefix.size()) : "";
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// Applies the variable if `key` has such a one.
bool apply_variable(const Key& key, const std::string& name, const std::string& value, Config& config) {
  if (const Headers* headers = std::get_if<Headers>(&key.setting)) {
    const std::string header = entry_name(key, name);
    if (header.empty()) return false;
    set_header(*headers, header, value, config);
  } else if (const Urls* urls = std::get_if<Urls>(&key.setting)) {
    const std::string entry = entry_name(key, name);
    if (entry.empty()) return false;
    urls->at(config)[lower(entry)] = value;
  } else {
    if (name != variable_name(key)) return false;
    assign(key.setting, parse_text(key.setting, value), {name, ErrorCategory::Config}, config);
  }
  warn_if_reserved(key, name, config);
  return true;
}

}  // namespace

void apply_environment(const Environment& environment, Config& config) {
  for (const auto& [name, value] : environment) {
    if (!name.starts_with("JAMMI_") || value.empty()) continue;
    bool is_known =
        std::ranges::any_of(keys(), [&](const Key& key) { return apply_variable(key, name, value, config); });
    // Other variables of the prefix, such as JAMMI_CONFIG, are not of the SECTION__FIELD shape.
    if (!is_known && name.contains("__")) log::warn("unknown configuration variable is ignored: " + name);
  }
}

}  // namespace jammi::config
