/// The inside of a JSON string.
#pragma once

#include <cstddef>
#include <string_view>

namespace lensart::orders {

/// How many bytes past a text's end the functions here may read, and past the output's end write.
inline constexpr std::size_t kTextPadding = 32;

/// Whether a backslash stands in `inside`. REQUIRES: kTextPadding readable bytes behind it.
bool has_escape(std::string_view inside);

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
