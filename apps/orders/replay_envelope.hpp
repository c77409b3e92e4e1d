/// What a message of the replay topic is: one line of JSON that says how its event is to be judged,
/// then the event's payload, byte for byte (docs/contract.md §6, dlq replay, import).
///
///   {"lensart_replay":1,"topic":"order_created"}\n
///   {"event_type":"order.created", …}
///
/// A line of its own, not a member: the payload may be anything, even broken. The replay of a dead
/// letter says besides where its record lay first, and whether that was accepted too late:
///
///   {"lensart_replay":1,"topic":"order_created","original":"order-created/0/12","too_late":true}\n
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/orders/event.hpp"

namespace lensart::orders {

/// The record that a replayed letter is of.
struct OriginalRecord {
  std::string_view topic;  ///< as Kafka allows it: letters, digits, '.', '_' and '-'
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  /// Its event was accepted, too late: the payload is that very one, and is to count now.
  bool too_late = false;
  friend bool operator==(const OriginalRecord&, const OriginalRecord&) = default;
};

/// `order-created/0/12`: topic, partition and offset. Nothing where it is none.
std::optional<OriginalRecord> parse_record_place(std::string_view text);

struct ReplayEnvelope {
  Topic topic = Topic::kOrderCreated;  ///< whose rules the payload is held to
  std::string_view payload;            ///< points into the message, as does the original's topic
  std::optional<OriginalRecord> original = std::nullopt;
};

/// The name of a topic in a header and in the configuration, "order_created" and so on; empty for
/// the replay topic itself.
std::string_view replay_name(Topic topic);
std::optional<Topic> topic_from_replay_name(std::string_view name);

/// The line, its end included, to be put before the payload.
std::string replay_header(Topic topic, const std::optional<OriginalRecord>& original = {});

/// Nothing when the message does not begin with a header this program knows.
std::optional<ReplayEnvelope> open_replay(std::string_view message);

}  // namespace lensart::orders
