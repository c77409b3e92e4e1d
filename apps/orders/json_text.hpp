/// The inside of a JSON string.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace lensart::orders {

/// How many bytes past a text's end the functions here may read, and past the output's end write.
inline constexpr std::size_t kTextPadding = 32;

#if defined(__SSE2__)
inline constexpr std::size_t kTextStep = 16;
/// A bit for each backslash among the next kTextStep bytes.
inline std::uint32_t backslashes(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
}
#else
inline constexpr std::size_t kTextStep = 8;
inline std::uint32_t backslashes(const char* at) {
  std::uint32_t mask = 0;
  for (std::size_t i = 0; i < kTextStep; ++i)
    mask |= static_cast<std::uint32_t>(at[i] == '\\') << i;
  return mask;
}
#endif
static_assert(kTextStep <= kTextPadding);

/// Whether a backslash stands in `inside`. REQUIRES: kTextPadding readable bytes behind it.
inline bool has_escape(std::string_view inside) {
  std::size_t at = 0;
  for (; at + kTextStep < inside.size(); at += kTextStep) {
    if (backslashes(inside.data() + at) != 0) return true;
  }
  const std::uint32_t rest = backslashes(inside.data() + at);
  return static_cast<std::size_t>(std::countr_zero(rest)) < inside.size() - at;
}

/// Writes a whole JSON text to `to`, with the characters themselves for the escapes of those above
/// U+007F and of the slash, which is how PHP spells them. What has to be escaped stays as it is,
/// and so does what is broken. Whether the text is JSON, and which, does not change. Returns the
/// end of what was written, which is never more than `text`.
///
/// REQUIRES: kTextPadding readable bytes behind `text`; at `to` there is room for `text` and
/// kTextPadding bytes more.
char* spell_out(std::string_view text, char* to);

struct Unescaped {
  char* end = nullptr;  ///< of what was written; null when an escape is broken
  bool has_nul = false;
};

/// Writes the characters that `inside` spells to `to`, never more bytes than it has itself. Refuses
/// unknown escapes and surrogates without their partner.
///
/// REQUIRES: `inside` is valid UTF-8, a quote stands behind it, and kTextPadding bytes behind that
/// can be read; at `to` there is room for `inside` and kTextPadding bytes more.
Unescaped unescape(std::string_view inside, char* to);

}  // namespace lensart::orders
