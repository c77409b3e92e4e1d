#include "apps/rebuild/log_reader.hpp"

#include <fmt/format.h>

#include "apps/pipeline/options.hpp"

namespace lensart::app {

namespace {

/// The log was judged when it was written: no clock of today's may judge it again.
constexpr Instant kNoFuture{std::chrono::sys_days(std::chrono::year(2101) / 1 / 1)};

orders::Topic topic_of(orders::EventType type) {
  switch (type) {
    case orders::EventType::kCreated:
      return orders::Topic::kOrderCreated;
    case orders::EventType::kUpdated:
      return orders::Topic::kOrderUpdated;
    case orders::EventType::kCancelled:
      return orders::Topic::kOrderCancelled;
    case orders::EventType::kPaymentStatusChanged:
    case orders::EventType::kStatusChanged:
      break;
  }
  return orders::Topic::kOrderEvents;
}

/// Accepted is accepted, whatever is configured now.
orders::Rules lenient_rules(const Config& config, const TimeZone& zone) {
  orders::Rules rules = job_options(config, zone).rules;
  rules.allow_zero_total = true;
  rules.max_payload_bytes = SIZE_MAX;
  return rules;
}

}  // namespace

LogReader::LogReader(const Config& config, const TimeZone& zone)
    : reader_(lenient_rules(config, zone)) {}

Result<Unit> LogReader::read(const LoggedEvent& logged, orders::Event& event) {
  arena_.reset();
  padded_.assign(logged.event_data);
  padded_.resize(logged.event_data.size() + orders::kPayloadPadding);
  const auto type = orders::event_type_from(logged.event_type);
  orders::Rejection rejection;
  const auto outcome =
      type ? reader_.read(topic_of(*type), {padded_.data(), logged.event_data.size()}, kNoFuture,
                          arena_, event, rejection)
           : orders::Outcome::kIgnored;
  if (outcome != orders::Outcome::kEvent) {
    return fail(
        Errc::kStateCorrupt,
        fmt::format("orders_raw holds what is no event: event_id = {}, {} {}. Somebody "
                    "changed the row; `lensart verify --tables orders_raw` says what",
                    logged.event_id, rejection.violation.field, rejection.violation.message));
  }
  event.event_id = logged.event_id;  // of one that was derived, the payload's bytes are gone
  return Unit{};
}

}  // namespace lensart::app
