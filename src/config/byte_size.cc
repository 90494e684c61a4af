#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include <jammi/config.h>
#include <jammi/error.h>

namespace jammi {
namespace {

constexpr double kKilo = 1024;
constexpr std::array<std::pair<std::string_view, double>, 10> kUnits{{
    {"", 1},
    {"b", 1},
    {"kb", kKilo},
    {"kib", kKilo},
    {"mb", kKilo* kKilo},
    {"mib", kKilo* kKilo},
    {"gb", kKilo * kKilo * kKilo},
    {"gib", kKilo * kKilo * kKilo},
    {"tb", kKilo * kKilo * kKilo* kKilo},
    {"tib", kKilo * kKilo * kKilo* kKilo},
}};

std::optional<double> bytes_of(double amount, std::string_view unit, uint64_t total_bytes) {
  if (unit == "%") {
    if (amount > 100) return std::nullopt;
    return amount / 100 * static_cast<double>(total_bytes);
  }
  auto found = std::ranges::find(kUnits, unit, &std::pair<std::string_view, double>::first);
  if (found == kUnits.end()) return std::nullopt;
  return amount * found->second;
}

}  // namespace

uint64_t parse_byte_size(const std::string& text, uint64_t total_bytes, const std::string& key) {
  std::string lower = text;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  double amount = 0;
  auto [end, error] =
      std::from_chars(lower.data(), lower.data() + lower.size(), amount, std::chars_format::fixed);
  std::string_view unit(end, static_cast<size_t>(lower.data() + lower.size() - end));
  unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));

  std::optional<double> bytes;
  if (error == std::errc()) bytes = bytes_of(amount, unit, total_bytes);
  if (!bytes || !(*bytes >= 1) || *bytes >= static_cast<double>(std::numeric_limits<uint64_t>::max())) {
    throw Error(ErrorCode::InvalidArgument, ErrorCategory::Config,
                key + " must be a percentage such as \"75%\" or a size such as \"4GB\": " + text);
  }
  return static_cast<uint64_t>(*bytes);
}

}  // namespace jammi
