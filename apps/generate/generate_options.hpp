/// What a generated stream shall be like.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "graph/clock.hpp"
#include "graph/error.hpp"

namespace lensart::generate {

/// Which partition of its topic a record goes to.
enum class Placement : std::uint8_t {
  kRandom,      ///< any, as a producer without keys has it
  kOne,         ///< 0 only, as the shop's old client does
  kRoundRobin,  ///< one after the other, for each topic
};

struct GenerateOptions {
  /// The stream ends when the last order's last event is out, or after `records` records of any
  /// kind, whichever comes first. With neither there are `kDefaultOrders` orders.
  std::optional<std::uint64_t> orders;
  std::optional<std::uint64_t> records;
  /// Same seed, same options, same `now`: the same bytes.
  std::uint64_t seed = 1;
  /// No event is later than this; the last ones are a little before it. An order whose life would
  /// go on beyond is still under way when the stream ends.
  Instant now{};
  /// The event time that the stream covers. An order's life is hours to days; a span below
  /// `kNaturalSpan` shrinks it in proportion.
  std::chrono::microseconds span = kNaturalSpan;
  /// The place of each record is moved later by less than this much event time, at random.
  std::chrono::microseconds disorder{0};
  /// The chance that an event is sent a second time, byte for byte, at most 10 minutes (shrunk like
  /// the lives) of event time later.
  double duplicates = 0;
  /// The chance that a broken payload follows an event.
  double poison = 0;
  Placement placement = Placement::kRandom;
  std::int32_t partitions = 3;
  /// Test messages of types that the pipeline ignores, spread over the stream.
  std::uint64_t tests = 3;
  /// The id of the first order; they ascend by one.
  std::int64_t first_order = 1;
  /// What poison too large must exceed: the pipeline's `pipeline.max_payload`.
  std::size_t max_payload_bytes = 1024 * 1024;

  static constexpr std::uint64_t kDefaultOrders = 1000;
  static constexpr std::chrono::hours kNaturalSpan{14 * 24};

  /// Fails with kBadUsage, naming the first option that cannot work, its value and the remedy.
  Result<Unit> validate() const;
};

}  // namespace lensart::generate
