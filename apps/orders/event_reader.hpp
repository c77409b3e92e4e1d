/// From a payload's bytes to an accepted event, or to the first rule it breaks
/// (docs/contract.md §1 and §2, rules 1 to 13).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/orders/event.hpp"
#include "graph/arena.hpp"
#include "graph/clock.hpp"

namespace lensart {
class TimeZone;
}

namespace lensart::orders {

/// In the order in which the rules are judged.
enum class Code : std::uint8_t {
  kTooLarge,
  kBadJson,
  kMissingField,
  kBadType,
  kWrongTopic,
  kBadTimestamp,
  kTimestampInFuture,
  kBadId,
  kBadPrice,
  kBadQuantity,
  kFieldTooLong,
  kNulInText,
  kExpiredOrder,
  kTooLate,
  kSinkRejected,
};

/// "too_large" and so on, as `dead_letters.code` has it.
std::string_view name_of(Code code);

/// One broken rule. Both texts are fit for their columns: NFC, no U+0000, at most 255 and 1 000
/// code points (contract §3).
struct Violation {
  Code code = Code::kBadJson;
  /// The path as it stands in the payload, `data.order_details[2].quantity`; empty where no single
  /// field broke the rule.
  std::string field;
  std::string message;  ///< names the field, the value (shortened) and the remedy
};

/// Why a record became a dead letter, and what of it could still be read.
struct Rejection {
  Violation violation;
  /// As `dead_letters` has it (contract §3): NFC, at most 100 code points, never a derived one.
  std::optional<std::string> event_id;
  std::optional<OrderId> order_id;
};

struct Rules {
  std::size_t max_payload_bytes = 1024 * 1024;
  std::chrono::microseconds max_future = std::chrono::hours(1);
  bool allow_zero_total = false;
  const TimeZone* zone = nullptr;  ///< the business zone; not owned, never null when read
};

enum class Outcome : std::uint8_t { kEvent, kIgnored, kRejected };

/// How many bytes past a payload's end must be readable (their value does not matter).
inline constexpr std::size_t kPayloadPadding = 64;

/// How many violations of one payload are told apart; a payload made of errors gets no longer
/// answer.
inline constexpr std::size_t kMaxViolations = 1000;

/// Reads payloads. Holds the JSON parser and its buffers, which are used again and again.
///
/// Threads: one at a time. No input makes it throw or crash.
class EventReader {
 public:
  explicit EventReader(const Rules& rules);
  ~EventReader();
  EventReader(EventReader&&) noexcept;

  /// Judges one record. On `kEvent`, `event` is filled and its views live in `arena` (that of
  /// `json` maybe in `payload`); on `kRejected`, `rejection` names the first broken rule; on
  /// `kIgnored`, neither is touched.
  ///
  /// `payload`: the message's value; `kPayloadPadding` bytes after it must be readable. A null
  /// value is an empty payload. `now`: the wall clock, for `timestamp_in_future`.
  Outcome read(Topic topic, std::string_view payload, Instant now, Arena& arena, Event& event,
               Rejection& rejection);

  /// Every broken rule, in rule order and then in the payload's order (for the gateway), up to
  /// kMaxViolations; a field is named once for each rule. Empty for an event and for one that is
  /// ignored. Rules 1 and 2 end the list, as nothing after them can be judged.
  std::vector<Violation> violations(Topic topic, std::string_view payload, Instant now);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lensart::orders
