/// Unicode as the tables hold it: NFC, measured in code points (docs/contract.md §1).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lensart::model {

/// NFC of Unicode 14; a code point that Unicode 14 does not know is left where it is.
/// REQUIRES: `text` is valid UTF-8.
std::string to_nfc(std::string_view text);

std::size_t count_code_points(std::string_view text);

/// As a dead letter keeps a text: NFC, U+0000 replaced by U+FFFD, at most `limit` code points.
std::string to_letter_text(std::string_view text, std::size_t limit);

}  // namespace lensart::model
