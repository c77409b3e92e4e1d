/// Time for the reference model: reading and printing instants, and the business time zone.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/clock.hpp"

namespace lensart::model {

/// A zone by its IANA name, from 1999 to 2102: a table of what glibc says of it, made once.
class Zone {
 public:
  /// Throws std::runtime_error if the system does not know the zone. Threads: one at a time, as TZ
  /// is set for a moment.
  explicit Zone(const std::string& iana_name = "Asia/Ho_Chi_Minh");

  /// `local`: microseconds since 1970 of the wall clock there. Of a local time that occurs twice
  /// the later instant; one that is skipped with the offset before.
  Instant to_instant(std::chrono::microseconds local) const;
  /// The calendar date in this zone, `2026-11-20`.
  std::string date_of(Instant instant) const;
  /// The hour on the wall clock there, 0…23.
  std::int64_t hour_of(Instant instant) const;

 private:
  std::chrono::seconds offset_at(Instant instant) const;

  /// From this instant on, this offset; the first is in force before, too.
  std::vector<std::pair<Instant, std::chrono::seconds>> offsets_;
};

/// By the grammar of docs/contract.md §2, rule 7, the range of years included.
std::optional<Instant> parse_instant(std::string_view text, const Zone& zone);

/// `2026-11-20T03:30:02.000000Z`, the form in which the model's tables hold instants.
std::string print_instant(Instant instant);

}  // namespace lensart::model
