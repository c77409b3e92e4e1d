#include "apps/gateway/event_intake.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "apps/gateway/envelope.hpp"
#include "apps/orders/instant_text.hpp"

namespace lensart::gateway {
namespace {

using orders::EventType;
using orders::JsonKind;
using orders::NodeId;
using orders::Topic;
using orders::Violation;

static_assert(orders::kPayloadPadding >= orders::JsonDocument::kPadding);

/// `order_details[2].quantity` as Laravel writes it: `order_details.2.quantity`.
std::string dotted(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c == '[') out += '.';
    if (c != '[' && c != ']') out += c;
  }
  return out;
}

Topic topic_of(EventType type) {
  switch (type) {
    case EventType::kCreated:
      return Topic::kOrderCreated;
    case EventType::kUpdated:
      return Topic::kOrderUpdated;
    case EventType::kCancelled:
      return Topic::kOrderCancelled;
    case EventType::kStatusChanged:
    case EventType::kPaymentStatusChanged:
      return Topic::kOrderEvents;
  }
  std::abort();
}

EventType type_of(EventKind kind) {
  switch (kind) {
    case EventKind::kOrderCreated:
      return EventType::kCreated;
    case EventKind::kOrderUpdated:
      return EventType::kUpdated;
    case EventKind::kOrderCancelled:
      return EventType::kCancelled;
    case EventKind::kOrderStatusChanged:
    case EventKind::kGeneric:  // which names its own
      return EventType::kStatusChanged;
  }
  std::abort();
}

FieldError error_of(const Violation& violation, const Envelope& envelope) {
  auto name = dotted(envelope.name_in_request(violation.field));
  std::string message = violation.message;
  if (!violation.field.empty() && message.starts_with(violation.field)) {
    message.replace(0, violation.field.size(), name);
  }
  // Rule 2, and two ids that disagree, name no field.
  if (!name.empty()) return {std::move(name), std::move(message)};
  return {violation.code == orders::Code::kBadId ? "order_id" : "body", std::move(message)};
}

}  // namespace

EventIntake::EventIntake(EventIntakeOptions options)
    : options_(std::move(options)), reader_(options_.rules) {
  if (!options_.make_event_id) options_.make_event_id = random_event_id;
}

tl::expected<IncomingEvent, InvalidRequest> EventIntake::read(EventKind kind, std::string body,
                                                              Instant now) {
  const std::size_t size = body.size();
  body.append(orders::kPayloadPadding, '\0');
  if (const char* error = document_.parse(std::string_view(body).substr(0, size))) {
    return tl::unexpected(InvalidRequest{
        false, {{"body", fmt::format("{}: send one JSON object in UTF-8 (RFC 8259)", error)}}});
  }
  Envelope envelope(document_, options_.make_event_id, now);
  std::vector<FieldError> errors;
  Topic topic = Topic::kOrderEvents;
  if (kind == EventKind::kGeneric) {
    topic = generic_topic(errors);
    envelope.write_generic();
    if (envelope.data_is_missing()) errors.push_back({"data", "data is missing: send it"});
  } else {
    const auto type = type_of(kind);
    topic = topic_of(type);
    envelope.write_order(type);
    check_type(type, errors);
  }
  return judge(envelope, topic, std::move(errors), now);
}

/// The type goes without saying; said, it must be this one.
void EventIntake::check_type(EventType type, std::vector<FieldError>& errors) const {
  const NodeId said = member(document_, 0, "event_type");
  if (said == 0) return;
  const auto& node = document_.node(said);
  if (node.kind == JsonKind::kText && node.text == name_of(type)) return;
  errors.push_back({"event_type", fmt::format("event_type is not \"{0}\", which this path "
                                              "publishes: leave it out, or send the event to "
                                              "the path of its type",
                                              name_of(type))});
}

Topic EventIntake::generic_topic(std::vector<FieldError>& errors) const {
  Topic usual = Topic::kOrderEvents;
  if (const NodeId type = member(document_, 0, "event_type"); type != 0) {
    if (const auto known = orders::event_type_from(document_.node(type).text)) {
      usual = topic_of(*known);
    }
  }
  const NodeId said = member(document_, 0, "topic");
  if (said == 0) return usual;
  const auto& node = document_.node(said);
  const auto found = std::find(options_.topics.begin(), options_.topics.end(), node.text);
  if (node.kind == JsonKind::kText && found != options_.topics.end()) {
    return static_cast<Topic>(found - options_.topics.begin());
  }
  errors.push_back({"topic", fmt::format("topic is none of {}: leave it out, or name one of them",
                                         fmt::join(options_.topics, ", "))});
  return usual;
}

tl::expected<IncomingEvent, InvalidRequest> EventIntake::judge(Envelope& envelope, Topic topic,
                                                               std::vector<FieldError> errors,
                                                               Instant now) {
  IncomingEvent incoming;
  incoming.topic = topic;
  incoming.envelope = envelope.take();
  const std::size_t size = incoming.envelope.size();
  incoming.envelope.append(orders::kPayloadPadding, '\0');
  const auto text = std::string_view(incoming.envelope).substr(0, size);
  arena_.reset();
  const auto outcome = reader_.read(topic, text, now, arena_, event_, rejection_);
  bool is_too_large = false;
  if (outcome == orders::Outcome::kRejected) {
    for (const Violation& violation : reader_.violations(topic, text, now)) {
      is_too_large = is_too_large || violation.code == orders::Code::kTooLarge;
      auto error = error_of(violation, envelope);
      // What stands in two places of the envelope is wrong in both.
      if (std::find(errors.begin(), errors.end(), error) == errors.end()) {
        errors.push_back(std::move(error));
      }
    }
  } else if (outcome == orders::Outcome::kIgnored) {
    incoming.event_type = document_.node(member(document_, 0, "event_type")).text;
    incoming.event_id = envelope.event_id();
    if (incoming.event_id.empty()) {
      errors.push_back({"event_id", "event_id is no text: send a text, or leave it out"});
    }
  } else {
    incoming.event_type = name_of(event_.type);
    incoming.event_id = event_.event_id;
    incoming.order_id = event_.order_id;
  }
  if (!errors.empty()) return tl::unexpected(InvalidRequest{is_too_large, std::move(errors)});
  incoming.envelope.resize(size);
  return incoming;
}

IncomingEvent EventIntake::connection_test(Instant now) const {
  IncomingEvent test;
  test.event_type = "test.connection";
  test.event_id = options_.make_event_id();
  test.envelope = fmt::format(
      R"({{"event_type":"{}","event_id":"{}","timestamp":"{}","data":{{"test":true}}}})",
      test.event_type, test.event_id, orders::utc_text(now));
  return test;
}

}  // namespace lensart::gateway
