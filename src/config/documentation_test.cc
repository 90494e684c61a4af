#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "config/keys.h"

namespace jammi::config {
namespace {

/// A row "| `key` | type | default | meaning |" of docs/configuration.md.
struct DocumentedKey {
  std::string name;
  std::string type;
  std::string default_value;
  std::string meaning;
};

std::vector<DocumentedKey> documented_keys() {
  std::ifstream file(JAMMI_SOURCE_DIR "/docs/configuration.md");
  const std::regex row(R"(\| `([a-z_.]+)` \| ([^|]+) \| ([^|]+) \| (.+) \|)");
  std::vector<DocumentedKey> found;
  std::smatch match;
  for (std::string line; std::getline(file, line);) {
    if (std::regex_match(line, match, row)) found.push_back({match[1], match[2], match[3], match[4]});
  }
  return found;
}

struct TypeName {
  std::string operator()(const WholeNumber&) const { return "whole number"; }
  std::string operator()(const OptionalWholeNumber&) const { return "whole number"; }
  std::string operator()(const Integer&) const { return "whole number"; }
  std::string operator()(const Fraction&) const { return "number"; }
  std::string operator()(const Flag&) const { return "true or false"; }
  std::string operator()(const Text&) const { return "text"; }
  std::string operator()(const ByteSize&) const { return "size"; }
  std::string operator()(const Path&) const { return "path"; }
  std::string operator()(const OptionalPath&) const { return "path"; }
  std::string operator()(const TextList&) const { return "list of text"; }
  std::string operator()(const Headers&) const { return "table of text"; }
  std::string operator()(const Urls&) const { return "table of URLs"; }
  std::string operator()(const Word& setting) const {
    std::string words;
    for (std::string_view word : setting.words)
      words += (words.empty() ? "`" : ", `") + std::string(word) + "`";
    return words;
  }
};

/// The default as the table shows it; empty where it depends on the machine or there is none.
struct DefaultText {
  Config& config;

  static std::string code(const std::string& text) { return text.empty() ? "" : "`" + text + "`"; }
  std::string operator()(const WholeNumber& s) const { return code(std::to_string(s.at(config))); }
  std::string operator()(const Integer& s) const { return code(std::to_string(s.at(config))); }
  std::string operator()(const Fraction& s) const {
    std::string digits = std::to_string(s.at(config));
    return code(digits.substr(0, digits.find_last_not_of('0') + 1));
  }
  std::string operator()(const Flag& s) const { return code(s.at(config) ? "true" : "false"); }
  std::string operator()(const Text& s) const { return code(s.at(config)); }
  std::string operator()(const ByteSize& s) const { return code(s.at(config)); }
  std::string operator()(const Word& s) const { return code(std::string(s.words[s.get(config)])); }
  std::string operator()(const auto&) const { return ""; }
};

TEST(ConfigurationPage, lists_every_key_once_in_the_order_of_the_table) {
  std::vector<std::string> documented;
  for (const DocumentedKey& row : documented_keys()) documented.push_back(row.name);
  std::vector<std::string> actual;
  for (const Key& key : keys()) actual.emplace_back(key.name);
  EXPECT_EQ(documented, actual);
}

TEST(ConfigurationPage, tells_type_default_and_reservation_of_each_key) {
  Config config;
  std::vector<DocumentedKey> rows = documented_keys();
  ASSERT_EQ(rows.size(), keys().size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const Key& key = keys()[i];
    EXPECT_EQ(rows[i].type, std::visit(TypeName(), key.setting)) << key.name;
    std::string expected = std::visit(DefaultText{config}, key.setting);
    if (!expected.empty() && key.name != "engine.execution_threads") {
      EXPECT_EQ(rows[i].default_value, expected) << key.name;
    }
    bool says_reserved = rows[i].meaning.contains("Reserved for " + std::string(key.reserved_for) + ".");
    EXPECT_EQ(says_reserved, !key.reserved_for.empty()) << key.name;
    EXPECT_EQ(rows[i].meaning.contains("Reserved for"), !key.reserved_for.empty()) << key.name;
  }
}

}  // namespace
}  // namespace jammi::config
