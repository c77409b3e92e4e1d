/// Dead letters as text, for people. No byte of a payload reaches the terminal as a command of its.
#pragma once

#include <string>

#include "apps/dlq/replay.hpp"

namespace lensart::dlq {

/// Of list(), with the members of count_by_code() as `codes`.
std::string list_text(const Json& page);
/// Of show(). The payload is pretty printed, its field marked, or in hexadecimal where it is no
/// UTF-8. `colour`: escape sequences for a terminal.
std::string detail_text(const Json& detail, bool colour);
std::string result_text(const ReplayResult& result);

/// A JSON payload a value a line. The lines of the value at `field` (as dead_letters has it), or
/// where it is missing of the object that lacks it, begin with a mark. Empty where it is no JSON.
std::string pretty(std::string_view payload, std::string_view field, bool colour);

/// Control characters, those of C1 too, as \u00XX; line ends stay.
std::string harmless(std::string_view utf8);

}  // namespace lensart::dlq
