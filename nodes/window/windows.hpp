/// Which windows an instant belongs to. Arithmetic only; windows know nothing of what is in them.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>

#include "graph/clock.hpp"
#include "graph/time_zone.hpp"

namespace lensart::nodes {

/// An hour of a zone's wall clock. Of an hour that the clock shows twice both are one window.
struct LocalHour {
  std::int32_t day = 0;   ///< days since 1970-01-01
  std::int32_t hour = 0;  ///< 0…23
  friend auto operator<=>(const LocalHour&, const LocalHour&) = default;
};

/// The tumbling window of one hour that `at` lies in: from its first instant up to the next hour's.
inline LocalHour local_hour(Instant at, const TimeZone& zone) {
  const auto local = zone.to_local(at);
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const auto hour = std::chrono::floor<std::chrono::hours>(local - day);
  return {static_cast<std::int32_t>(day.time_since_epoch().count()),
          static_cast<std::int32_t>(hour.count())};
}

/// Windows `[start, start + size)` that begin at the multiples of `slide` since 1970, UTC.
///
/// REQUIRES: `size` is a multiple of `slide`.
struct SlidingWindows {
  std::chrono::microseconds size = std::chrono::hours(1);
  std::chrono::microseconds slide = std::chrono::minutes(5);

  /// The start of the last window that `at` lies in.
  Instant last_start(Instant at) const {
    auto rest = at.time_since_epoch() % slide;
    if (rest.count() < 0) rest += slide;
    return at - rest;
  }
  /// Calls `visit(start)` for each window that `at` lies in, the earliest first.
  template <class Visit>
  void for_each_start(Instant at, Visit&& visit) const {
    const Instant last = last_start(at);
    for (Instant start = last - size + slide; start <= last; start += slide) visit(start);
  }
};

/// Splits items that are sorted by time into sessions: an item at most `gap` after the one before
/// belongs to its session. Calls `visit(first, last)` with the indexes of each, both inclusive.
template <class Items, class TimeOf, class Visit>
void for_each_session(const Items& sorted, std::chrono::microseconds gap, TimeOf&& time_of,
                      Visit&& visit) {
  std::size_t first = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const bool ends = i + 1 == sorted.size() || time_of(sorted[i + 1]) - time_of(sorted[i]) > gap;
    if (!ends) continue;
    visit(first, i);
    first = i + 1;
  }
}

}  // namespace lensart::nodes
