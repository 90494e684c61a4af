#include "cli/display_width.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace jammi::cli {
namespace {

using Range = std::pair<char32_t, char32_t>;

// Marks that combine with the character before them, and characters without a glyph.
constexpr std::array<Range, 22> kZeroWidth{{
    {0x0300, 0x036F}, {0x0483, 0x0489},   {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
    {0x0900, 0x0902}, {0x093C, 0x093C},   {0x0941, 0x0948}, {0x094D, 0x094D}, {0x0E31, 0x0E31},
    {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},   {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F},
    {0x202A, 0x202E}, {0x2060, 0x2064},   {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
    {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF},
}};

// Unicode's East Asian Width classes W and F, with neighbouring ranges joined.
constexpr std::array<Range, 22> kDoubleWidth{{
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC}, {0x25FD, 0x25FE}, {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x26CE, 0x26CE},   {0x2705, 0x2705}, {0x2728, 0x2728}, {0x2753, 0x2755},
    {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF}, {0x4E00, 0xA4CF}, {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6},
    {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD},
}};

template <size_t N>
bool contains(const std::array<Range, N>& ranges, char32_t character) noexcept {
  auto range = std::ranges::lower_bound(ranges, character, {}, &Range::second);
  return range != ranges.end() && range->first <= character;
}

constexpr char32_t kInvalid = 0xFFFFFFFF;

/// Takes one character off the front of non-empty `text`; a byte that starts none is taken alone as kInvalid.
char32_t take_character(std::string_view& text) noexcept {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  size_t length = byte(0) < 0x80   ? 1
                  : byte(0) < 0xC2 ? 0
                  : byte(0) < 0xE0 ? 2
                  : byte(0) < 0xF0 ? 3
                  : byte(0) < 0xF5 ? 4
                                   : 0;
  char32_t character = kInvalid;
  if (length == 1) {
    character = byte(0);
  } else if (length != 0 && length <= text.size()) {
    character = byte(0) & (0x7Fu >> length);
    for (size_t i = 1; i < length; ++i) {
      if ((byte(i) & 0xC0) != 0x80) {
        character = kInvalid;
        break;
      }
      character = (character << 6) | (byte(i) & 0x3Fu);
    }
    constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
    bool is_surrogate = character >= 0xD800 && character <= 0xDFFF;
    if (character < kSmallest[length] || is_surrogate || character > 0x10FFFF) character = kInvalid;
  }
  text.remove_prefix(character == kInvalid ? 1 : length);
  return character;
}

bool is_control(char32_t character) noexcept {
  return character < 0x20 || (character >= 0x7F && character < 0xA0);
}

void append_escape(char32_t character, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  if (character == '\t') {
    out += "\\t";
  } else if (character == '\r') {
    out += "\\r";
  } else {
    out += "\\x";
    out += kDigits[(character >> 4) & 15];
    out += kDigits[character & 15];
  }
}

void append_repaired(char32_t character, std::string_view bytes, std::string& out) {
  if (character == kInvalid) {
    out += "\xEF\xBF\xBD";
  } else {
    out += bytes;
  }
}

}  // namespace

size_t display_width(std::string_view text) noexcept {
  size_t width = 0;
  while (!text.empty()) {
    char32_t character = take_character(text);
    if (character < 0x300) {
      ++width;
    } else if (character == kInvalid || !contains(kZeroWidth, character)) {
      width += contains(kDoubleWidth, character) ? 2 : 1;
    }
  }
  return width;
}

size_t count_characters(std::string_view text) noexcept {
  size_t count = 0;
  for (; !text.empty(); ++count) take_character(text);
  return count;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::string_view before = text;
    char32_t character = take_character(text);
    if (is_control(character) && character != '\n') {
      append_escape(character, out);
    } else {
      append_repaired(character, before.substr(0, before.size() - text.size()), out);
    }
  }
  return out;
}

std::string repaired_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::string_view before = text;
    char32_t character = take_character(text);
    append_repaired(character, before.substr(0, before.size() - text.size()), out);
  }
  return out;
}

}  // namespace jammi::cli
