/// Unicode text as PostgreSQL 15 sees it: NFC of Unicode 14, lengths in code points.
///
/// Threads: any. Every function REQUIRES valid UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lensart {

/// Whether `utf8` is in NFC for a reason that shows in its bytes: nothing in it but code points up
/// to U+02FF and from U+1E00 to U+1EFF, which hold all of Vietnamese. They are starters that
/// nothing changes. False means "not known", not "no".
bool is_plainly_nfc(std::string_view utf8);

/// The NFC of `utf8`, by Unicode 14, in time linear but for a sort of the marks on one starter.
/// Code points that Unicode 14 has not assigned stay as they are, since PostgreSQL 15's `normalize`
/// knows nothing of them either (docs/contract.md §1).
std::string to_nfc(std::string_view utf8);

/// A to Z in small letters, all else as it is.
std::string lower_ascii(std::string_view text);

std::size_t count_code_points(std::string_view utf8);

/// The first `count` code points, or all if there are fewer. A cut of NFC is in NFC.
std::string_view first_code_points(std::string_view utf8, std::size_t count);

}  // namespace lensart
