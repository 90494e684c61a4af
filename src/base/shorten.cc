#include "base/shorten.h"

namespace jammi::base {
namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// `at`, or the start of the character that it would cut.
size_t character_start(const std::string& text, size_t at) {
  constexpr size_t kLongestCharacter = 4;
  size_t start = at;
  while (start > 0 && at - start < kLongestCharacter && is_continuation(text[start])) --start;
  return is_continuation(text[start]) ? at : start;
}

}  // namespace

std::string shortened(std::string text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  const size_t head = character_start(text, max_bytes - max_bytes / 4);
  const size_t tail = character_start(text, text.size() - max_bytes / 4);
  return text.substr(0, head) + " ... (" + std::to_string(tail - head) + " bytes) ... " + text.substr(tail);
}

}  // namespace jammi::base
