/// What a message of the replay topic is: one line of JSON that says how its event is to be judged,
/// then the event's payload, byte for byte (docs/contract.md §6, dlq replay, import).
///
///   {"lensart_replay":1,"topic":"order_created"}\n
///   {"event_type":"order.created", …}
///
/// A line of its own, not a member: the payload may be anything, even broken.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apps/orders/event.hpp"

namespace lensart::orders {

struct ReplayEnvelope {
  Topic topic = Topic::kOrderCreated;  ///< whose rules the payload is held to
  std::string_view payload;            ///< points into the message
};

/// The line, its end included, to be put before the payload.
std::string replay_header(Topic topic);

/// Nothing when the message does not begin with a header this program knows.
std::optional<ReplayEnvelope> open_replay(std::string_view message);

}  // namespace lensart::orders
