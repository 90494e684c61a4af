#include "base/names.h"

#include <cstddef>
#include <cstdint>

namespace jammi::base {
namespace {

constexpr size_t kLongestName = 255;

/// Takes one code point off the front of `text`; false where it is not UTF-8 (RFC 3629: shortest form, no
/// surrogates, up to U+10FFFF).
bool take_code_point(std::string_view& text, uint32_t& code_point) noexcept {
  constexpr uint32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};  // by number of continuation bytes
  const auto lead = static_cast<unsigned char>(text.front());
  const size_t num_more = lead < 0x80   ? 0
                          : lead < 0xC0 ? 4
                          : lead < 0xE0 ? 1
                          : lead < 0xF0 ? 2
                          : lead < 0xF8 ? 3
                                        : 4;
  if (num_more == 4 || text.size() <= num_more) return false;
  code_point = num_more == 0 ? lead : lead & (0x3Fu >> num_more);
  for (size_t i = 1; i <= num_more; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return false;
    code_point = code_point << 6 | (next & 0x3F);
  }
  text.remove_prefix(num_more + 1);
  const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  return code_point >= kSmallest[num_more] && code_point <= 0x10FFFF && !is_surrogate;
}

}  // namespace

bool follows_name_rule(std::string_view name) noexcept {
  if (name.empty() || name.size() > kLongestName) return false;
  while (!name.empty()) {
    uint32_t code_point = 0;
    if (!take_code_point(name, code_point)) return false;
    if (code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0)) return false;
  }
  return true;
}

}  // namespace jammi::base
