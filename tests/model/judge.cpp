#include "tests/model/judge.hpp"

#include <algorithm>
#include <array>

#include "tests/model/fields.hpp"
#include "tests/model/json.hpp"
#include "tests/model/rules.hpp"
#include "tests/model/schema.hpp"
#include "tests/model/table.hpp"
#include "tests/model/text.hpp"

namespace lensart::model {
namespace {

constexpr std::array<std::string_view, 5> kTypeNames = {"order.created", "order.updated",
                                                        "order.payment_status_changed",
                                                        "order.status_changed", "order.cancelled"};

std::optional<EventType> type_from(std::string_view name) {
  const auto found = std::find(kTypeNames.begin(), kTypeNames.end(), name);
  if (found == kTypeNames.end()) return std::nullopt;
  return static_cast<EventType>(found - kTypeNames.begin());
}

TopicKind topic_of(EventType type) {
  switch (type) {
    case EventType::kCreated:
      return TopicKind::kOrderCreated;
    case EventType::kUpdated:
      return TopicKind::kOrderUpdated;
    case EventType::kCancelled:
      return TopicKind::kOrderCancelled;
    case EventType::kStatusChanged:
    case EventType::kPaymentStatusChanged:
      return TopicKind::kOrderEvents;
  }
  return TopicKind::kOrderEvents;
}

// An accepted event, read without a further doubt.

std::optional<std::string> text_at(const Value* object, std::string_view key) {
  const Value* value = object != nullptr ? find(*object, key) : nullptr;
  if (value == nullptr) return std::nullopt;
  return to_nfc(value->text);
}

std::optional<std::int64_t> id_at(const Value& object, std::string_view key) {
  const Value* value = find(object, key);
  return value != nullptr ? id_in(*value) : std::nullopt;
}

std::optional<std::int64_t> amount_at(const Value& object, std::string_view key) {
  const Value* value = find(object, key);
  return value != nullptr ? amount_in(*value) : std::nullopt;
}

std::optional<Instant> instant_at(const Value& object, std::string_view key, const Zone& zone) {
  const Value* value = find(object, key);
  return value != nullptr ? parse_instant(value->text, zone) : std::nullopt;
}

Line read_line(const Value& object) {
  Line line;
  line.product_id = id_at(object, "product_id").value();
  line.product_name = text_at(&object, "product_name");
  line.color = text_at(&object, "color");
  line.quantity = quantity_in(*find(object, "quantity")).value();
  line.total_price = amount_at(object, "total_price").value();
  line.price = amount_at(object, "price");
  return line;
}

Snapshot read_snapshot(const Value& object, const Zone& zone) {
  Snapshot snapshot;
  snapshot.user_id = id_at(object, "user_id");
  snapshot.user_name = text_at(find(object, "user"), "name");
  snapshot.user_email = text_at(find(object, "user"), "email");
  snapshot.branch_id = id_at(object, "branch_id").value();
  snapshot.branch_name = text_at(find(object, "branch"), "name");
  snapshot.branch_address = text_at(find(object, "branch"), "address");
  snapshot.date = instant_at(object, "date", zone);
  snapshot.address = text_at(&object, "address");
  snapshot.note = text_at(&object, "note");
  snapshot.coupon_id = id_at(object, "coupon_id");
  snapshot.total_price = amount_at(object, "total_price").value();
  snapshot.order_status = text_at(&object, "order_status").value();
  snapshot.payment_status = text_at(&object, "payment_status").value();
  snapshot.payment_method = text_at(&object, "payment_method");
  if (const Value* lines = find(object, "order_details")) {
    for (const Value& line : lines->items) snapshot.lines.push_back(read_line(line));
  }
  return snapshot;
}

Event read_event(const Value& top, EventType type, std::string_view payload, const Zone& zone) {
  const Value& body = *body_of(top);
  Event event;
  event.type = type;
  event.event_id = text_at(&top, "event_id").value_or("");
  if (event.event_id.empty()) event.event_id = "hash_" + sha256_hex(payload);
  event.timestamp = instant_at(top, "timestamp", zone).value();
  event.order_id = order_id_of(&body).value();
  if (!is_status_event(type)) {
    event.snapshot = read_snapshot(body, zone);
    return event;
  }
  if (type == EventType::kStatusChanged) {
    event.old_status = text_at(&body, "old_status");
    event.new_status = text_at(&body, "new_status").value();
  } else {
    event.new_payment_status = text_at(&body, "new_payment_status").value();
  }
  if (const Value* order = order_of(body)) event.snapshot = read_snapshot(*order, zone);
  return event;
}

Verdict rejected(const Violation& violation, const Value* top) {
  constexpr std::size_t kFieldLimit = 255;
  constexpr std::size_t kEventIdLimit = 100;
  Verdict verdict;
  verdict.outcome = violation.code;
  verdict.field = to_letter_text(violation.field, kFieldLimit);
  if (top == nullptr) return verdict;
  const Value* event_id = find(*top, "event_id");
  // An empty text is no id: the event would be given one that is derived.
  if (event_id != nullptr && event_id->is(Value::Type::kString) && !event_id->text.empty()) {
    verdict.event_id = to_letter_text(event_id->text, kEventIdLimit);
  }
  verdict.order_id = order_id_of(body_of(*top));
  return verdict;
}

}  // namespace

std::string_view name_of(EventType type) { return kTypeNames.at(static_cast<std::size_t>(type)); }

Verdict judge(TopicKind topic, std::string_view payload, Instant now, const Settings& settings) {
  if (payload.size() > settings.max_payload_bytes) return rejected({"too_large", ""}, nullptr);
  const auto top = parse_json(payload);
  if (!top || !top->is(Value::Type::kObject)) return rejected({"bad_json", ""}, nullptr);

  if (is_missing(*top, "event_type")) return rejected({"missing_field", "event_type"}, &*top);
  const Value* type_name = find(*top, "event_type");
  if (type_name == nullptr || !type_name->is(Value::Type::kString)) {
    return rejected({"bad_type", "event_type"}, &*top);
  }
  const auto type = type_from(type_name->text);
  Verdict verdict;
  if (!type && topic == TopicKind::kOrderEvents) {
    verdict.outcome = "ignored";
    return verdict;
  }
  if (!type || topic_of(*type) != topic) return rejected({"wrong_topic", "event_type"}, &*top);
  if (const auto broken = first_violation(*top, *type, now, settings)) {
    return rejected(*broken, &*top);
  }
  verdict.outcome = "accepted";
  verdict.event = read_event(*top, *type, payload, settings.zone);
  verdict.canonical_payload = canonical_json(*top);
  return verdict;
}

}  // namespace lensart::model
