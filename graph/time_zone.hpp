/// A time zone by its IANA name, quick for the instants of our time.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "graph/clock.hpp"
#include "graph/error.hpp"

namespace date {
class time_zone;
}

namespace lensart {

/// Microseconds since 1970-01-01 00:00 of some zone's wall clock.
using LocalMicros = std::chrono::local_time<std::chrono::microseconds>;

/// Threads: any; immutable. Cheap to copy.
class TimeZone {
 public:
  /// Fails with kBadConfig when the system's database has no such zone.
  static Result<TimeZone> find(std::string_view iana_name);

  /// A local time that occurs twice is the later of the two instants; one that is skipped is read with
  /// the offset in force before the gap (docs/contract.md §1: PostgreSQL's rule).
  Instant to_instant(LocalMicros local) const;
  LocalMicros to_local(Instant instant) const;

  const std::string& name() const { return name_; }

 private:
  const date::time_zone* zone_ = nullptr;
  std::string name_;
  // The span of instants around today in which the offset is known to be constant.
  Instant constant_from_{};
  Instant constant_until_{};
  std::chrono::seconds constant_offset_{};
};

}  // namespace lensart
