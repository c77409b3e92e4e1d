/// From the body of a request to the event that is published, or to all that is wrong with it
/// (docs/contract.md §1, §2 and §7).
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "apps/orders/event_reader.hpp"
#include "apps/orders/json_document.hpp"

namespace lensart::gateway {

class Envelope;

/// What a request asks to be published. `/api/kafka/events/…` has a path for each.
enum class EventKind : std::uint8_t {
  kOrderCreated,
  kOrderUpdated,
  kOrderCancelled,
  kOrderStatusChanged,
  kGeneric,  ///< the request names the type
};

/// One event on its way to Kafka.
struct IncomingEvent {
  orders::Topic topic = orders::Topic::kOrderEvents;
  std::string event_type;
  std::string event_id;
  std::optional<orders::OrderId> order_id;  ///< none for what the pipeline ignores
  std::string envelope;
};

struct FieldError {
  std::string field;  ///< as it stands in the request, dotted: `order.order_details.2.quantity`
  std::string message;

  friend bool operator==(const FieldError&, const FieldError&) = default;
};

/// Why nothing can be published: 422 with every rule that is broken, or 413.
struct InvalidRequest {
  bool is_too_large = false;
  std::vector<FieldError> errors;  ///< never empty; in the order of the rules
};

struct EventIntakeOptions {
  orders::Rules rules;
  /// The names of the four topics, by `orders::Topic`.
  std::array<std::string, 4> topics;
  /// Makes the id of an event that has none. Empty: `evt_` and 128 random bits.
  std::function<std::string()> make_event_id;
};

/// Threads: one at a time. No input makes it throw or crash.
class EventIntake {
 public:
  explicit EventIntake(EventIntakeOptions options);

  /// `now`: the wall clock, for an event without a timestamp and for one from the future.
  tl::expected<IncomingEvent, InvalidRequest> read(EventKind kind, std::string body, Instant now);

  /// The envelope of an event that leaves no trace but an ignored record.
  IncomingEvent connection_test(Instant now) const;

 private:
  void check_type(orders::EventType type, std::vector<FieldError>& errors) const;
  orders::Topic generic_topic(std::vector<FieldError>& errors) const;
  tl::expected<IncomingEvent, InvalidRequest> judge(Envelope& envelope, orders::Topic topic,
                                                    std::vector<FieldError> errors, Instant now);

  EventIntakeOptions options_;
  orders::JsonDocument document_;
  orders::EventReader reader_;
  Arena arena_;
  orders::Event event_;
  orders::Rejection rejection_;
};

}  // namespace lensart::gateway
