#include "base/server_url.h"

#include <algorithm>

namespace jammi::base {
namespace {

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool has_sound_escapes(std::string_view url) {
  for (size_t at = url.find('%'); at != std::string_view::npos; at = url.find('%', at + 1)) {
    const std::string_view digits = url.substr(at + 1, 2);
    if (digits.size() < 2 || !std::ranges::all_of(digits, is_hex_digit) || digits == "00") return false;
  }
  return true;
}

// "host", "host:port" or "[address]:port"
bool is_sound_host(std::string_view host) {
  if (const size_t bracket = host.rfind(']'); bracket != std::string_view::npos)
    host.remove_prefix(bracket + 1);
  const size_t colon = host.find(':');
  return colon == std::string_view::npos ||
         std::ranges::all_of(host.substr(colon + 1), [](char c) { return c >= '0' && c <= '9'; });
}

bool has_sound_authority(std::string_view authority) {
  const size_t at = authority.find('@');
  if (at != authority.rfind('@')) return false;
  std::string_view hosts = at == std::string_view::npos ? authority : authority.substr(at + 1);
  while (hosts.contains(',')) {
    if (!is_sound_host(hosts.substr(0, hosts.find(',')))) return false;
    hosts.remove_prefix(hosts.find(',') + 1);
  }
  return is_sound_host(hosts);
}

}  // namespace

std::string ServerUrl::shown_as(std::string_view scheme) const {
  std::string user;
  std::string host = authority;
  if (const size_t at = authority.find('@'); at != std::string::npos) {
    user = authority.substr(0, std::min(authority.find(':'), at));
    host = authority.substr(at);
  }
  return std::string(scheme) + "://" + user + host + "/" + database;
}

std::expected<ServerUrl, std::string_view> split_server_url(std::string_view url) {
  const auto is_unsafe = [](unsigned char c) {
    return c <= ' ' || c == '"' || c == '\'' || c == '#' || c == 0x7f;
  };
  if (std::ranges::any_of(url, is_unsafe) || !has_sound_escapes(url)) {
    return std::unexpected("spaces, quotes, # and % in the URL must be percent-encoded");
  }
  url.remove_prefix(url.find("://") + 3);
  const size_t path = std::min(url.find_first_of("/?"), url.size());
  const size_t question = std::min(url.find('?', path), url.size());
  ServerUrl parts{.authority = std::string(url.substr(0, path)), .database = {}, .parameters = {}};
  if (path < question) parts.database = url.substr(path + 1, question - path - 1);
  if (question < url.size()) parts.parameters = url.substr(question + 1);
  if (!has_sound_authority(parts.authority) || parts.database.contains('@') ||
      parts.parameters.contains('@')) {
    return std::unexpected(
        "the URL's host and port cannot be told; percent-encode :, / and @ in user and password");
  }
  if (parts.database.empty() || parts.database.contains('/')) {
    return std::unexpected("the URL names no database");
  }
  return parts;
}

}  // namespace jammi::base
