/// Text as PHP's `json_encode` writes it with its default flags (docs/contract.md §1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "graph/clock.hpp"

namespace lensart::generate {

/// The shop's wall clock: Viet Nam keeps UTC+7 the year round.
inline constexpr std::chrono::hours kShopOffset{7};

/// The inside of a JSON string: `\uXXXX` for everything that is not ASCII (in two halves beyond the
/// basic plane), `\/` for a slash. REQUIRES: `utf8` is valid UTF-8.
std::string php_escape(std::string_view utf8);

void append_number(std::string& out, std::int64_t value);
/// `YYYY-MM-DD`, `separator`, `HH:MM:SS` of the shop's wall clock.
void append_local_time(std::string& out, Instant at, char separator);
/// `2026-11-20T10:30:02+07:00`, as Laravel's `toIso8601String()`: whole seconds, cut.
void append_iso_local(std::string& out, Instant at);
/// `2026-11-20T03:30:02.000000Z`, as Laravel's `toJSON()`.
void append_iso_utc(std::string& out, Instant at);
/// Exactly `digits` lower-case hexadecimal digits of the value's lowest bits.
void append_hex(std::string& out, std::uint64_t value, int digits);
/// Exactly `digits` decimal digits, filled with zeros from the left.
void append_padded(std::string& out, std::uint64_t value, int digits);

}  // namespace lensart::generate
