#include "tests/model/text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace lensart::model {
namespace {

bool starts_code_point(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

/// Code points that utf8proc must not see, because it would do to them what Unicode 14 does not.
bool stands_alone(std::int32_t code_point) {
  struct Range {
    std::int32_t first;
    std::int32_t last;
  };
  // Those that Unicode 15 added with a combining class: to Unicode 14 they are inert. (None of the
  // others it added composes or decomposes.) And U+11A7, the code point before the first Hangul
  // final consonant, which utf8proc 2.8 takes for one and drops.
  constexpr Range kRanges[] = {{0x0ECE, 0x0ECE},   {0x11A7, 0x11A7},   {0x10EFD, 0x10EFF},
                               {0x11F41, 0x11F42}, {0x1E08F, 0x1E08F}, {0x1E4EC, 0x1E4EF}};
  return std::any_of(std::begin(kRanges), std::end(kRanges), [&](const Range& range) {
    return code_point >= range.first && code_point <= range.last;
  });
}

std::string normalize_piece(std::string_view piece) {
  utf8proc_uint8_t* out = nullptr;
  const auto flags = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  const utf8proc_ssize_t length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(piece.data()),
                   static_cast<utf8proc_ssize_t>(piece.size()), &out, flags);
  if (length < 0) throw std::bad_alloc();  // the text is valid, so memory is all that can be short
  std::string normal(reinterpret_cast<const char*>(out), static_cast<std::size_t>(length));
  std::free(out);
  return normal;
}

}  // namespace

std::string to_nfc(std::string_view text) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return std::string(text);
  std::string normal;
  std::size_t piece_from = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::int32_t code_point = 0;
    const auto length = static_cast<std::size_t>(
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                         static_cast<utf8proc_ssize_t>(text.size() - at), &code_point));
    if (stands_alone(code_point)) {
      normal += normalize_piece(text.substr(piece_from, at - piece_from));
      normal += text.substr(at, length);
      piece_from = at + length;
    }
    at += length;
  }
  return normal + normalize_piece(text.substr(piece_from));
}

std::size_t count_code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_code_point));
}

std::string to_letter_text(std::string_view text, std::size_t limit) {
  std::string out;
  std::size_t code_points = 0;
  for (const char byte : to_nfc(text)) {
    if (starts_code_point(byte) && ++code_points > limit) break;
    if (byte == '\0') {
      out += "\xEF\xBF\xBD";
    } else {
      out.push_back(byte);
    }
  }
  return out;
}

}  // namespace lensart::model
