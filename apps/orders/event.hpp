/// The domain: what an order event is once it has been accepted (docs/contract.md §1).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "graph/clock.hpp"

namespace lensart::orders {

/// The five types. The numeric order is the rank that breaks ties in time (contract §3).
enum class EventType : std::uint8_t {
  kCreated = 0,
  kUpdated = 1,
  kPaymentStatusChanged = 2,
  kStatusChanged = 3,
  kCancelled = 4,
};

/// "order.created" and so on.
std::string_view name_of(EventType type);
std::optional<EventType> event_type_from(std::string_view name);

/// What an accepted `order.cancelled` writes as its order's status, in NFC (contract §3).
inline constexpr std::string_view kCancelledStatus = "\u0110\u00E3 h\u1EE7y";
constexpr std::string_view cancelled_status() { return kCancelledStatus; }

/// What a topic carries; the topic's own name is configured.
enum class Topic : std::uint8_t {
  kOrderCreated,
  kOrderUpdated,
  kOrderCancelled,
  kOrderEvents,
  kReplay,  ///< events of the other four, in envelopes (replay_envelope.hpp)
};

using OrderId = std::int64_t;
/// Exact money: hundredths. Never a float.
using Hundredths = std::int64_t;
/// Absent is NULL; an empty text is a text. All texts are Unicode NFC.
using Text = std::optional<std::string_view>;
using OptionalId = std::optional<std::int64_t>;

struct Line {
  std::int64_t product_id = 0;
  Text product_name;
  Text color;
  std::int64_t quantity = 0;
  Hundredths total_price = 0;
  std::optional<Hundredths> price;
};

struct Snapshot {
  OptionalId user_id;
  Text user_name;
  Text user_email;
  std::int64_t branch_id = 0;
  Text branch_name;
  Text branch_address;
  std::optional<Instant> date;
  Text address;
  Text note;
  OptionalId coupon_id;
  Hundredths total_price = 0;
  std::string_view order_status;
  std::string_view payment_status;
  Text payment_method;
  std::span<const Line> lines;
};

/// One accepted event. Its views point into the arena it was read into; `json` maybe elsewhere.
struct Event {
  /// The payload, as a JSON text that means the same. The payload itself where that needed no other
  /// spelling, or where `derived_id` stands for its bytes.
  std::string_view json;
  EventType type = EventType::kCreated;
  std::string_view event_id;
  bool derived_id = false;  ///< the payload has none; it was made from the payload's bytes
  Instant timestamp;
  OrderId order_id = 0;
  Text old_status;                      ///< status_changed only
  std::string_view new_status;          ///< status_changed only
  std::string_view new_payment_status;  ///< payment_status_changed only
  bool has_snapshot = false;
  Snapshot snapshot;
};

}  // namespace lensart::orders
