/// What several tables are made of: an order's events in the order in which they count, what an
/// event writes, and the cells of a row.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/model/model.hpp"

namespace lensart::model {

using OrderEvents = std::vector<const AcceptedEvent*>;

/// Each order's events by (timestamp, rank, event_id). `accepted` must outlive them.
std::map<std::int64_t, OrderEvents> by_order(const std::vector<AcceptedEvent>& accepted);
/// The same without the too-late events; an order that has no others is left out.
std::map<std::int64_t, OrderEvents> by_order_in_time(const std::vector<AcceptedEvent>& accepted);

/// What an event writes into the two fields that have a last writer of their own.
std::optional<std::string> written_order_status(const Event& event);
std::optional<std::string> written_payment_status(const Event& event);

/// The snapshot written last, null if the order never had one.
const Snapshot* latest_snapshot(const OrderEvents& events);
std::optional<std::string> order_status(const OrderEvents& events);
std::optional<Instant> earliest_created(const OrderEvents& events);
/// The earliest `order.created`, else the earliest event.
Instant created_at(const OrderEvents& events);

inline Cell text(const std::optional<std::string>& value) { return value; }
inline Cell number(std::int64_t value) { return std::to_string(value); }
inline Cell number(const std::optional<std::int64_t>& value) {
  return value ? number(*value) : std::nullopt;
}
inline Cell amount(Wide value) { return print_amount(value); }
inline Cell instant(const std::optional<Instant>& value) {
  return value ? Cell(print_instant(*value)) : std::nullopt;
}

}  // namespace lensart::model
