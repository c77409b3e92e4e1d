#include "apps/orders/event.hpp"

#include <array>

namespace lensart::orders {
namespace {

/// In the order of EventType.
constexpr std::array<std::string_view, 5> kTypeNames = {"order.created", "order.updated",
                                                        "order.payment_status_changed",
                                                        "order.status_changed", "order.cancelled"};

}  // namespace

std::string_view name_of(EventType type) { return kTypeNames[static_cast<std::size_t>(type)]; }

std::optional<EventType> event_type_from(std::string_view name) {
  for (std::size_t i = 0; i < kTypeNames.size(); ++i) {
    if (kTypeNames[i] == name) return static_cast<EventType>(i);
  }
  return std::nullopt;
}

}  // namespace lensart::orders
