#include "tests/model/fold.hpp"

#include <algorithm>
#include <tuple>

namespace lensart::model {
namespace {

constexpr const char* kCancelled = "Đã hủy";

bool earlier(const AcceptedEvent* a, const AcceptedEvent* b) {
  const Event& x = a->event;
  const Event& y = b->event;
  // std::string compares as unsigned bytes, which is UTF-8's order and COLLATE "C".
  return std::tie(x.timestamp, x.type, x.event_id) < std::tie(y.timestamp, y.type, y.event_id);
}

}  // namespace

std::map<std::int64_t, OrderEvents> by_order(const std::vector<AcceptedEvent>& accepted) {
  std::map<std::int64_t, OrderEvents> orders;
  for (const AcceptedEvent& one : accepted) orders[one.event.order_id].push_back(&one);
  for (auto& [order_id, events] : orders) std::sort(events.begin(), events.end(), earlier);
  return orders;
}

std::map<std::int64_t, OrderEvents> by_order_in_time(const std::vector<AcceptedEvent>& accepted) {
  auto orders = by_order(accepted);
  for (auto& [order_id, events] : orders) {
    std::erase_if(events, [](const AcceptedEvent* one) { return one->too_late; });
  }
  std::erase_if(orders, [](const auto& order) { return order.second.empty(); });
  return orders;
}

std::optional<std::string> written_order_status(const Event& event) {
  switch (event.type) {
    case EventType::kCreated:
    case EventType::kUpdated:
    case EventType::kPaymentStatusChanged:
      return event.snapshot ? Cell(event.snapshot->order_status) : std::nullopt;
    case EventType::kStatusChanged:
      return event.new_status;
    case EventType::kCancelled:
      return kCancelled;
  }
  return std::nullopt;
}

std::optional<std::string> written_payment_status(const Event& event) {
  if (event.type == EventType::kPaymentStatusChanged) return event.new_payment_status;
  return event.snapshot ? Cell(event.snapshot->payment_status) : std::nullopt;
}

const Snapshot* latest_snapshot(const OrderEvents& events) {
  const Snapshot* latest = nullptr;
  for (const AcceptedEvent* one : events) {
    if (one->event.snapshot) latest = &*one->event.snapshot;
  }
  return latest;
}

std::optional<std::string> order_status(const OrderEvents& events) {
  std::optional<std::string> status;
  for (const AcceptedEvent* one : events) {
    if (const auto written = written_order_status(one->event)) status = written;
  }
  return status;
}

std::optional<Instant> earliest_created(const OrderEvents& events) {
  for (const AcceptedEvent* one : events) {
    if (one->event.type == EventType::kCreated) return one->event.timestamp;
  }
  return std::nullopt;
}

Instant created_at(const OrderEvents& events) {
  return earliest_created(events).value_or(events.front()->event.timestamp);
}

}  // namespace lensart::model
