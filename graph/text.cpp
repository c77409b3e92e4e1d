#include "graph/text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace lensart {
namespace {

struct Range {
  std::int32_t first;
  std::int32_t last;
};

/// What utf8proc 2.8 knows from Unicode 15 and Unicode 14 does not: DerivedAge 15.0, sorted.
constexpr std::array<Range, 32> kNewInUnicode15 = {{
    {0x0CF3, 0x0CF3},   {0x0ECE, 0x0ECE},   {0x10EFD, 0x10EFF}, {0x1123F, 0x11241},
    {0x11B00, 0x11B09}, {0x11F00, 0x11F10}, {0x11F12, 0x11F3A}, {0x11F3E, 0x11F59},
    {0x1342F, 0x1342F}, {0x13439, 0x13455}, {0x1B132, 0x1B132}, {0x1B155, 0x1B155},
    {0x1D2C0, 0x1D2D3}, {0x1DF25, 0x1DF2A}, {0x1E030, 0x1E06D}, {0x1E08F, 0x1E08F},
    {0x1E4D0, 0x1E4F9}, {0x1F6DC, 0x1F6DC}, {0x1F774, 0x1F776}, {0x1F77B, 0x1F77F},
    {0x1F7D9, 0x1F7D9}, {0x1FA75, 0x1FA77}, {0x1FA87, 0x1FA88}, {0x1FAAD, 0x1FAAF},
    {0x1FABB, 0x1FABD}, {0x1FABF, 0x1FABF}, {0x1FACE, 0x1FACF}, {0x1FADA, 0x1FADB},
    {0x1FAE8, 0x1FAE8}, {0x1FAF7, 0x1FAF8}, {0x2B739, 0x2B739}, {0x31350, 0x323AF},
}};

bool is_new_in_unicode_15(std::int32_t code_point) {
  if (code_point < kNewInUnicode15.front().first) return false;
  const auto* after =
      std::upper_bound(kNewInUnicode15.begin(), kNewInUnicode15.end(), code_point,
                       [](std::int32_t value, const Range& range) { return value < range.first; });
  return code_point <= (after - 1)->last;
}

/// utf8proc 2.8 takes U+11A7 for a trailing consonant of Hangul and drops it; it composes with
/// nothing, and PostgreSQL keeps it.
constexpr std::int32_t kNoTrailingConsonant = 0x11A7;

constexpr bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

/// A stretch of decomposed text between two code points that nothing composes with.
///
/// utf8proc's own entry points put marks in order by swapping neighbours, which takes minutes for a
/// megabyte of marks that someone wrote backwards; a stable sort does not.
class Stretch {
 public:
  void add(std::int32_t code_point) {
    std::array<utf8proc_int32_t, 32> parts{};
    int last_boundary_class = 0;
    const utf8proc_ssize_t count = utf8proc_decompose_char(
        code_point, parts.data(), static_cast<utf8proc_ssize_t>(parts.size()),
        static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE), &last_boundary_class);
    for (utf8proc_ssize_t i = 0; i < count; ++i) {
      const utf8proc_int32_t part = parts[static_cast<std::size_t>(i)];
      if (utf8proc_get_property(part)->combining_class == 0) order_marks();
      code_points_.push_back(part);
      if (utf8proc_get_property(part)->combining_class == 0) marks_from_ = code_points_.size();
    }
  }

  /// Composes what was added, appends it to `out` and begins anew.
  void flush_to(std::string& out) {
    order_marks();
    const utf8proc_ssize_t count = utf8proc_normalize_utf32(
        code_points_.data(), static_cast<utf8proc_ssize_t>(code_points_.size()),
        static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    for (utf8proc_ssize_t i = 0; i < count; ++i) {
      std::array<utf8proc_uint8_t, 4> bytes{};
      const utf8proc_ssize_t size =
          utf8proc_encode_char(code_points_[static_cast<std::size_t>(i)], bytes.data());
      out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
    }
    code_points_.clear();
    marks_from_ = 0;
  }

 private:
  /// Everything from `marks_from_` on has a combining class of its own.
  void order_marks() {
    const auto first = code_points_.begin() + static_cast<std::ptrdiff_t>(marks_from_);
    if (code_points_.end() - first > 1) {
      std::stable_sort(first, code_points_.end(), [](std::int32_t left, std::int32_t right) {
        return utf8proc_get_property(left)->combining_class <
               utf8proc_get_property(right)->combining_class;
      });
    }
    marks_from_ = code_points_.size();
  }

  std::vector<utf8proc_int32_t> code_points_;
  std::size_t marks_from_ = 0;
};

/// Whether the bytes from `at` on are plain, one by one; `size` is the whole text's.
bool is_plainly_nfc_from(const char* text, std::size_t at, std::size_t size) {
  for (; at < size; ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0xCC) continue;
    if (byte != 0xE1 || at + 1 >= size) return false;
    const auto next = static_cast<unsigned char>(text[at + 1]);
    if (next < 0xB8 || next > 0xBB) return false;
  }
  return true;
}

}  // namespace

bool is_plainly_nfc(std::string_view utf8) {
  std::size_t at = 0;
#if defined(__SSE2__)
  // A byte is fine below 0xCC, or as 0xE1 with 0xB8…0xBB behind it. Seventeen bytes make a step.
  const auto load = [&](std::size_t from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(utf8.data() + from));
  };
  for (; at + 17 <= utf8.size(); at += 16) {
    const __m128i bytes = load(at);
    const __m128i high = _mm_cmpeq_epi8(_mm_max_epu8(bytes, _mm_set1_epi8('\xCC')), bytes);
    if (_mm_movemask_epi8(high) == 0) continue;
    const __m128i lead = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\xE1'));
    const __m128i block = _mm_and_si128(load(at + 1), _mm_set1_epi8('\xFC'));
    const __m128i fine = _mm_and_si128(lead, _mm_cmpeq_epi8(block, _mm_set1_epi8('\xB8')));
    if (_mm_movemask_epi8(_mm_andnot_si128(fine, high)) != 0) return false;
  }
#endif
  return is_plainly_nfc_from(utf8.data(), at, utf8.size());
}

std::string to_nfc(std::string_view utf8) {
  if (is_plainly_nfc(utf8)) return std::string(utf8);
  std::string out;
  out.reserve(utf8.size());
  Stretch stretch;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
  for (std::size_t at = 0; at < utf8.size();) {
    utf8proc_int32_t code_point = 0;
    const utf8proc_ssize_t size =
        utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(utf8.size() - at), &code_point);
    if (size <= 0) break;  // not valid UTF-8: the caller broke the contract
    if (is_new_in_unicode_15(code_point) || code_point == kNoTrailingConsonant) {
      stretch.flush_to(out);
      out.append(utf8.substr(at, static_cast<std::size_t>(size)));
    } else {
      stretch.add(code_point);
    }
    at += static_cast<std::size_t>(size);
  }
  stretch.flush_to(out);
  return out;
}

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::size_t count_code_points(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char byte) { return !is_continuation(byte); }));
}

std::string_view first_code_points(std::string_view utf8, std::size_t count) {
  if (utf8.size() <= count) return utf8;
  std::size_t at = 0;
  for (; at < utf8.size(); ++at) {
    if (!is_continuation(utf8[at]) && count-- == 0) break;
  }
  return utf8.substr(0, at);
}

}  // namespace lensart
