/// Time for the reference model: reading and printing instants, and the business time zone.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "graph/clock.hpp"

namespace date {
class time_zone;
}

namespace lensart::model {

/// A zone by its IANA name; throws std::runtime_error if the system does not know it.
class Zone {
 public:
  explicit Zone(const std::string& iana_name = "Asia/Ho_Chi_Minh");

  /// Of a local time that occurs twice the later instant; one that is skipped with the offset
  /// before.
  Instant to_instant(std::chrono::local_time<std::chrono::microseconds> local) const;
  /// The calendar date in this zone, `2026-11-20`.
  std::string date_of(Instant instant) const;

 private:
  const date::time_zone* zone_;
};

/// By the grammar of docs/contract.md §2, rule 7, the range of years included.
std::optional<Instant> parse_instant(std::string_view text, const Zone& zone);

/// `2026-11-20T03:30:02.000000Z`, the form in which the model's tables hold instants.
std::string print_instant(Instant instant);

}  // namespace lensart::model
