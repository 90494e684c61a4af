#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>

#include "model/hub.h"

namespace jammi::model {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::filesystem::path home_directory() {
  if (const std::string home = variable("HF_HOME"); !home.empty()) return home;
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty()) {
    return std::filesystem::path(cache) / "huggingface";
  }
  return std::filesystem::path(variable("HOME")) / ".cache/huggingface";
}

bool is_true(std::string word) {
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::toupper(c); });
  return word == "1" || word == "ON" || word == "YES" || word == "TRUE";
}

std::string read_token(const std::filesystem::path& home) {
  if (const std::string token = variable("HF_TOKEN"); !token.empty()) return token;
  std::string token;
  std::ifstream(home / "token") >> token;
  return token;
}

}  // namespace

HubOptions hub_options_from_environment() {
  HubOptions options;
  const std::filesystem::path home = home_directory();
  options.endpoint = variable("HF_ENDPOINT");
  if (options.endpoint.empty()) options.endpoint = "https://huggingface.co";
  while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
  options.cache_directory = variable("HF_HUB_CACHE");
  if (options.cache_directory.empty()) options.cache_directory = home / "hub";
  options.is_offline = is_true(variable("HF_HUB_OFFLINE"));
  options.token = read_token(home);
  return options;
}

}  // namespace jammi::model
