#include "apps/orders/event_reader.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <deque>
#include <set>
#include <utility>

#include "apps/orders/event_builder.hpp"
#include "apps/orders/field_table.hpp"
#include "apps/orders/json_document.hpp"
#include "apps/orders/json_text.hpp"
#include "apps/orders/rules.hpp"
#include "graph/text.hpp"
#include "graph/time_zone.hpp"

namespace lensart::orders {
namespace {

static_assert(kPayloadPadding >= JsonDocument::kPadding && kPayloadPadding >= kTextPadding);

constexpr std::size_t kEventIdColumn = 100;

/// Rule 4: which types belong to which topic.
bool belongs(EventType type, Topic topic) {
  switch (type) {
    case EventType::kCreated:
      return topic == Topic::kOrderCreated;
    case EventType::kUpdated:
      return topic == Topic::kOrderUpdated;
    case EventType::kCancelled:
      return topic == Topic::kOrderCancelled;
    case EventType::kStatusChanged:
    case EventType::kPaymentStatusChanged:
      return topic == Topic::kOrderEvents;
  }
  std::abort();
}

}  // namespace

std::string_view name_of(Code code) {
  switch (code) {
    case Code::kTooLarge:
      return "too_large";
    case Code::kBadJson:
      return "bad_json";
    case Code::kMissingField:
      return "missing_field";
    case Code::kBadType:
      return "bad_type";
    case Code::kWrongTopic:
      return "wrong_topic";
    case Code::kBadTimestamp:
      return "bad_timestamp";
    case Code::kTimestampInFuture:
      return "timestamp_in_future";
    case Code::kBadId:
      return "bad_id";
    case Code::kBadPrice:
      return "bad_price";
    case Code::kBadQuantity:
      return "bad_quantity";
    case Code::kFieldTooLong:
      return "field_too_long";
    case Code::kNulInText:
      return "nul_in_text";
    case Code::kExpiredOrder:
      return "expired_order";
    case Code::kTooLate:
      return "too_late";
    case Code::kSinkRejected:
      return "sink_rejected";
  }
  std::abort();
}

class EventReader::Impl {
 public:
  explicit Impl(const Rules& rules) : rules_(rules) {}

  Outcome read(Topic topic, std::string_view payload, Instant now, Arena& arena, Event& event,
               Rejection& rejection) {
    const std::string_view json = spelled_out(payload, arena);
    if (auto violation = judge_payload(payload, json)) {  // rules 1 and 2
      rejection = {*std::move(violation), std::nullopt, std::nullopt};
      return Outcome::kRejected;
    }
    fields_.read_envelope(document_);
    std::vector<Finding> findings;
    const auto type = judge_type(topic, findings);  // rules 3 and 4
    if (is_ignored_) return Outcome::kIgnored;
    if (!findings.empty()) {
      fields_.read_order_ids(document_);
      reject(findings.front(), rejection);
      return Outcome::kRejected;
    }
    fields_.read_body(document_, *type);
    // Spelled out, the payload has no escape left that stands for anything but ASCII.
    Judgement judgement = judgement_of(type, now, is_plainly_nfc(json));
    judge_to_first(judgement);  // rules 5 to 13
    if (!judgement.findings.empty()) {
      reject(judgement.findings.front(), rejection);
      return Outcome::kRejected;
    }
    builder_.build(fields_, *type, payload, json, arena, event);
    return Outcome::kEvent;
  }

  std::vector<Violation> violations(Topic topic, std::string_view payload, Instant now) {
    if (auto violation = judge_payload(payload, payload)) return {*std::move(violation)};
    fields_.read_envelope(document_);
    std::vector<Finding> findings;
    const auto type = judge_type(topic, findings);
    if (is_ignored_) return {};
    if (type) fields_.read_body(document_, *type);
    Judgement judgement = judgement_of(type, now, false);
    judgement.findings = std::move(findings);
    judge_all(judgement);
    auto& all_findings = judgement.findings;
    if (all_findings.size() > kMaxViolations) all_findings.resize(kMaxViolations);
    std::vector<Violation> all;
    std::set<std::pair<Code, std::string>> named;  // a field that stands thrice is named once
    for (const Finding& finding : all_findings) {
      Violation violation = describe(document_, finding);
      if (named.emplace(violation.code, violation.field).second) all.push_back(violation);
    }
    return all;
  }

 private:
  /// The payload in `arena`, spelled out; the payload itself where nothing in it is escaped, or
  /// where it is too large to be looked at.
  std::string_view spelled_out(std::string_view payload, Arena& arena) const {
    if (payload.size() > rules_.max_payload_bytes || !has_escape(payload)) return payload;
    char* const to = arena.allocate(payload.size() + kPayloadPadding);
    return {to, static_cast<std::size_t>(spell_out(payload, to) - to)};
  }

  /// `json`: the payload, or what it spells out.
  std::optional<Violation> judge_payload(std::string_view payload, std::string_view json) {
    if (payload.size() > rules_.max_payload_bytes) {
      return Violation{Code::kTooLarge, "",
                       fmt::format("the payload has {} bytes: at most {} are taken; send less, or "
                                   "raise pipeline.max_payload",
                                   payload.size(), rules_.max_payload_bytes)};
    }
    if (const char* error = document_.parse(json)) {
      return Violation{Code::kBadJson, "",
                       fmt::format("{}: send one JSON object in UTF-8 (RFC 8259)", error)};
    }
    return std::nullopt;
  }

  /// Nothing when there is none of the five; then either a finding says why or the event is
  /// ignored.
  std::optional<EventType> judge_type(Topic topic, std::vector<Finding>& findings) {
    is_ignored_ = false;
    const Field& field = fields_[FieldId::kEventType];
    if (field.state == FieldState::kAbsent) {
      findings.push_back({Code::kMissingField, 0, spec_of(FieldId::kEventType).name, "send it"});
      return std::nullopt;
    }
    if (field.state == FieldState::kWrong) {
      const bool is_text = document_.node(field.node).kind == JsonKind::kText;
      findings.push_back(
          {Code::kBadType, field.node, {}, is_text ? "send it once" : "a text", is_text});
      return std::nullopt;
    }
    const auto type = event_type_from(field.text);
    is_ignored_ = !type && topic == Topic::kOrderEvents;
    if (!is_ignored_ && (!type || !belongs(*type, topic))) {
      findings.push_back({Code::kWrongTopic, field.node, {}, "send it to the topic of its type"});
    }
    return type;
  }

  Judgement judgement_of(std::optional<EventType> type, Instant now, bool plainly_nfc) {
    texts_.clear();
    return {rules_, document_, fields_, type, now, plainly_nfc, texts_, {}};
  }

  void reject(const Finding& finding, Rejection& rejection) {
    rejection.violation = describe(document_, finding);
    // An event id that is empty stands for none (§1), so here too.
    const Field& id = fields_[FieldId::kEventId];
    rejection.event_id.reset();
    if (id.is_good() && !id.text.empty()) {
      rejection.event_id = fit_for_column(id.text, kEventIdColumn);
    }
    rejection.order_id = order_id_of(fields_);
  }

  Rules rules_;
  JsonDocument document_;
  FieldTable fields_;
  EventBuilder builder_;
  std::deque<std::string> texts_;
  bool is_ignored_ = false;
};

EventReader::EventReader(const Rules& rules) : impl_(std::make_unique<Impl>(rules)) {}
EventReader::~EventReader() = default;
EventReader::EventReader(EventReader&&) noexcept = default;

Outcome EventReader::read(Topic topic, std::string_view payload, Instant now, Arena& arena,
                          Event& event, Rejection& rejection) {
  return impl_->read(topic, payload, now, arena, event, rejection);
}

std::vector<Violation> EventReader::violations(Topic topic, std::string_view payload, Instant now) {
  return impl_->violations(topic, payload, now);
}

}  // namespace lensart::orders
