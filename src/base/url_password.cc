#include "base/url_password.h"

#include <algorithm>
#include <array>

namespace jammi::base {
namespace {

constexpr std::string_view kHidden = "***";
constexpr std::string_view kEndOfUrl = " \t\r\n\"'";

// One URL from behind its "://" to its end.
std::string hidden_in_url(std::string_view url) {
  std::string out;
  std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  const size_t at = authority.rfind('@');
  const size_t colon = authority.find(':');
  if (at != std::string_view::npos && colon < at) {
    out = std::string(authority.substr(0, colon + 1)) + std::string(kHidden);
    url.remove_prefix(at);
  }
  constexpr std::array<std::string_view, 2> kParameters{"password=", "passwd="};
  while (!url.empty()) {
    const bool starts_parameter = url.front() == '?' || url.front() == '&';
    out += url.front();
    url.remove_prefix(1);
    if (!starts_parameter) continue;
    for (std::string_view parameter : kParameters) {
      if (!url.starts_with(parameter)) continue;
      out.append(parameter).append(kHidden);
      url.remove_prefix(std::min(url.find('&'), url.size()));
    }
  }
  return out;
}

}  // namespace

std::string hide_passwords(std::string_view text) {
  constexpr std::string_view kAuthority = "://";
  std::string out;
  for (size_t start = text.find(kAuthority); start != std::string_view::npos; start = text.find(kAuthority)) {
    start += kAuthority.size();
    out += text.substr(0, start);
    text.remove_prefix(start);
    std::string_view url = text.substr(0, text.find_first_of(kEndOfUrl));
    out += hidden_in_url(url);
    text.remove_prefix(url.size());
  }
  return out.append(text);
}

}  // namespace jammi::base
