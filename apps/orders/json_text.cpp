#include "apps/orders/json_text.hpp"

#include <array>
#include <cstring>

namespace lensart::orders {
namespace {

constexpr std::uint32_t kNotHex = 0x8000'0000U;

constexpr std::array<std::uint32_t, 256> kHexDigit = [] {
  std::array<std::uint32_t, 256> table{};
  table.fill(kNotHex);
  for (std::uint32_t i = 0; i < 10; ++i) table['0' + i] = i;
  for (std::uint32_t i = 0; i < 6; ++i) table['a' + i] = table['A' + i] = 10 + i;
  return table;
}();

constexpr std::array<char, 256> kSimpleEscape = [] {
  std::array<char, 256> table{};
  table['"'] = '"';
  table['\\'] = '\\';
  table['/'] = '/';
  table['b'] = '\b';
  table['f'] = '\f';
  table['n'] = '\n';
  table['r'] = '\r';
  table['t'] = '\t';
  return table;
}();

/// Four hexadecimal digits, or a value above 0xFFFF. The quote behind the string is no digit, so
/// this never takes digits from beyond it.
[[gnu::always_inline]] inline std::uint32_t hex_at(const char* digits) {
  const auto digit = [&](int i) { return kHexDigit[static_cast<unsigned char>(digits[i])]; };
  if (((digit(0) | digit(1) | digit(2) | digit(3)) & kNotHex) != 0) return kNotHex;
  return digit(0) << 12 | digit(1) << 8 | digit(2) << 4 | digit(3);
}

/// One of two or three bytes, which texts in Vietnamese mix: without a branch between them. Writes
/// four bytes. REQUIRES: 0x80 to 0xFFFF.
[[gnu::always_inline]] inline char* put_letter(std::uint32_t code_point, char* to) {
  const bool three = code_point >= 0x800;
  const std::uint32_t last = 0x80 | (code_point & 0x3F);
  const std::uint32_t of_two = 0xC0 | code_point >> 6 | last << 8;
  const std::uint32_t of_three =
      0xE0 | code_point >> 12 | (0x80 | (code_point >> 6 & 0x3F)) << 8 | last << 16;
  const std::uint32_t bytes = three ? of_three : of_two;
  for (int i = 0; i < 4; ++i) to[i] = static_cast<char>(bytes >> 8 * i);
  return to + (three ? 3 : 2);
}

char* put_code_point(std::uint32_t code_point, char* to) {
  const auto put = [&](std::uint32_t byte) { *to++ = static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x10000) {
    return put_letter(code_point, to);
  } else {
    put(0xF0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3F));
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
  return to;
}

/// Reads what follows `\u`, moving `from` past it; a value above 0x10FFFF when it is broken.
std::uint32_t code_point_at(const char*& from) {
  const std::uint32_t unit = hex_at(from);
  from += 4;
  if (unit < 0xD800 || unit > 0xDFFF) return unit;
  // The second half must follow at once; a half without its partner is no character.
  if (unit > 0xDBFF || from[0] != '\\' || from[1] != 'u') return kNotHex;
  const std::uint32_t low = hex_at(from + 2);
  if (low < 0xDC00 || low > 0xDFFF) return kNotHex;
  from += 6;
  return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

}  // namespace

char* spell_out(std::string_view text, char* to) {
  const char* from = text.data();
  const char* const end = from + text.size();
  for (;;) {
    std::memcpy(to, from, kTextStep);
    const std::uint32_t mask = backslashes(from);
    const std::size_t plain =
        mask == 0 ? kTextStep : static_cast<std::size_t>(std::countr_zero(mask));
    if (plain >= static_cast<std::size_t>(end - from)) return to + (end - from);
    from += plain;
    to += plain;
    if (mask == 0) continue;
    if (from[1] == 'u') {
      // What lies behind the text may look like the rest of an escape.
      const std::uint32_t unit = end - from >= 6 ? hex_at(from + 2) : kNotHex;
      if (unit >= 0x80 && unit < 0xD800) [[likely]] {
        to = put_letter(unit, to);
        from += 6;
        continue;
      }
      const char* behind = from + 2;
      const std::uint32_t code_point = code_point_at(behind);
      if (code_point >= 0xE000 && code_point <= 0x10FFFF && behind <= end) {
        to = put_code_point(code_point, to);
        from = behind;
        continue;
      }
    } else if (from[1] == '/' && end - from >= 2) {
      *to++ = '/';
      from += 2;
      continue;
    }
    // With the character behind it, which may be a backslash that begins nothing.
    *to++ = *from++;
    if (from == end) return to;
    *to++ = *from++;
  }
}

Unescaped unescape(std::string_view inside, char* to) {
  const char* from = inside.data();
  const char* const end = from + inside.size();
  bool has_nul = false;
  for (;;) {
    std::memcpy(to, from, kTextStep);
    const std::uint32_t mask = backslashes(from);
    const std::size_t plain =
        mask == 0 ? kTextStep : static_cast<std::size_t>(std::countr_zero(mask));
    if (plain >= static_cast<std::size_t>(end - from)) return {to + (end - from), has_nul};
    from += plain;
    to += plain;
    if (mask == 0) continue;
    const char kind = from[1];
    from += 2;
    if (kind == 'u') {
      const std::uint32_t code_point = code_point_at(from);
      if (code_point > 0x10FFFF) return {};
      has_nul |= code_point == 0;
      to = put_code_point(code_point, to);
    } else {
      const char character = kSimpleEscape[static_cast<unsigned char>(kind)];
      if (character == '\0') return {};
      *to++ = character;
    }
  }
}

}  // namespace lensart::orders
