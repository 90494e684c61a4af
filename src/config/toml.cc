#include <algorithm>
#include <string>

#include <toml++/toml.hpp>

#include <jammi/error.h>

#include "base/log.h"
#include "config/overlay.h"
#include "config/value.h"

namespace jammi::config {
namespace {

Value to_value(const toml::node& node) {
  if (auto flag = node.value_exact<bool>()) return *flag;
  if (auto integer = node.value_exact<int64_t>()) return *integer;
  if (auto number = node.value_exact<double>()) return *number;
  if (auto text = node.value_exact<std::string>()) return *text;
  if (const toml::array* array = node.as_array()) {
    std::vector<std::string> items;
    for (const toml::node& item : *array) {
      auto text = item.value_exact<std::string>();
      if (!text) return {};
      items.push_back(*text);
    }
    return items;
  }
  if (const toml::table* table = node.as_table()) {
    std::map<std::string, std::string> entries;
    for (const auto& [name, entry] : *table) {
      auto text = entry.value_exact<std::string>();
      if (!text) return {};
      entries.emplace(name.str(), *text);
    }
    return entries;
  }
  return {};
}

void apply_node(const std::string& name, const toml::node& node, Config& config);

void apply_section(const std::string& prefix, const toml::table& table, Config& config) {
  for (const auto& [name, node] : table) apply_node(prefix + std::string(name.str()), node, config);
}

void apply_node(const std::string& name, const toml::node& node, Config& config) {
  auto key = std::ranges::find(keys(), name, &Key::name);
  if (key != keys().end()) {
    assign(key->setting, to_value(node), {name, ErrorCategory::Toml}, config);
    warn_if_reserved(*key, name, config);
    return;
  }
  std::string prefix = name + ".";
  bool is_section =
      std::ranges::any_of(keys(), [&](const Key& candidate) { return candidate.name.starts_with(prefix); });
  if (!is_section) {
    log::warn("unknown configuration key is ignored: " + name);
  } else if (const toml::table* table = node.as_table()) {
    apply_section(prefix, *table, config);
  } else {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Toml, name + " must be a table");
  }
}

}  // namespace

void apply_toml(std::string_view text, Config& config) {
  toml::table document;
  try {
    document = toml::parse(text);
  } catch (const toml::parse_error& error) {
    const toml::source_position& at = error.source().begin;
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Toml,
                std::string(error.description()) + " at line " + std::to_string(at.line) + ", column " +
                    std::to_string(at.column));
  }
  apply_section("", document, config);
}

}  // namespace jammi::config
