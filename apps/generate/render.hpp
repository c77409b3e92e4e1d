/// An event's payload, byte for byte as the shop's back end would write it.
#pragma once

#include <cstdint>
#include <string>

#include "apps/generate/order_plan.hpp"
#include "apps/orders/event.hpp"

namespace lensart::generate {

/// The topic an event of this type belongs to (docs/contract.md §1).
orders::Topic topic_of(orders::EventType type);

/// Appends `evt_6b046c89a61795.04114447`, as PHP's `uniqid('evt_', true)` makes it. Two numbers
/// below 10⁹ never give the same id under one seed.
void append_event_id(std::string& out, std::uint64_t seed, std::uint64_t number, Instant at);

/// Replaces `out` by the payload of one step. `event_number` names the event id.
void render_event(std::string& out, const OrderPlan& plan, const Step& step, std::uint64_t seed,
                  std::uint64_t event_number);

/// Replaces `out` by a message of a type that the pipeline ignores.
void render_test(std::string& out, Instant at, std::uint64_t seed, std::uint64_t event_number);

}  // namespace lensart::generate
