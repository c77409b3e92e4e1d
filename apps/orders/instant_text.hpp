/// The contract's grammar of an instant (docs/contract.md §2, rule 7).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "graph/clock.hpp"
#include "graph/time_zone.hpp"

namespace lensart::orders {

/// `2026-11-20T10:30:02.123456789+07:00` and its lesser forms; without an offset it is the wall
/// clock of `zone`. Digits past the microsecond are cut. Nothing when the form, the date, the time
/// of day or the offset is none, or when the instant lies outside 2000 to 2100 in UTC.
std::optional<Instant> parse_instant(std::string_view text, const TimeZone& zone);

/// `2026-11-20T03:30:02.000001Z`, of an instant of the years 0 to 9999.
std::string utc_text(Instant instant);

}  // namespace lensart::orders
