/// What a person or a socket says, read.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lensart::app {

/// A whole number from `low` to `high` in decimal digits, and nothing else.
inline std::optional<std::int64_t> parse_whole(std::string_view text, std::int64_t low,
                                               std::int64_t high) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  return whole && number >= low && number <= high ? std::optional(number) : std::nullopt;
}

}  // namespace lensart::app
