/// A time zone by its IANA name, quick for the instants of our time.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "graph/clock.hpp"
#include "graph/error.hpp"

namespace lensart {

/// Microseconds since 1970-01-01 00:00 of some zone's wall clock.
using LocalMicros = std::chrono::local_time<std::chrono::microseconds>;

/// The offsets of a zone from the system's own database, from which PostgreSQL reads them too.
///
/// Threads: any; immutable. Cheap to copy. Exact up to 2102, as the contract needs it (§2, rule 7);
/// past that the last offset goes on.
class TimeZone {
 public:
  /// Fails with kBadConfig when the system's database has no such zone. Reads files; everything
  /// after it does not.
  static Result<TimeZone> find(std::string_view iana_name);

  /// A local time that occurs twice is the later of the two instants; one that is skipped is read
  /// with the offset in force before the gap (docs/contract.md §1: PostgreSQL's rule).
  Instant to_instant(LocalMicros local) const;
  LocalMicros to_local(Instant instant) const;

  const std::string& name() const { return name_; }

 private:
  struct Offsets;

  TimeZone(std::string name, std::shared_ptr<const Offsets> offsets);

  std::string name_;
  std::shared_ptr<const Offsets> offsets_;
};

}  // namespace lensart
