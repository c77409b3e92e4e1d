#include "apps/orders/rules.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "apps/orders/instant_text.hpp"
#include "graph/text.hpp"

namespace lensart::orders {
namespace {

constexpr Hundredths kMaxAmount = 1'000'000'000'000'000;  // 10^13, which is already too much
constexpr std::int64_t kMaxQuantity = 1'000'000;

void report(Judgement& judgement, Code code, NodeId node, const char* remedy) {
  judgement.findings.push_back({code, node, {}, remedy});
}

// Rule 5. The timestamp, the order id, then the others as §1 lists them: what is missing has no
// place in the payload to be sorted by.

void require(Judgement& judgement, const Field& field, NodeId parent, FieldId id) {
  if (field.state != FieldState::kAbsent) return;
  judgement.findings.push_back({Code::kMissingField, parent, spec_of(id).name, "send it"});
}

void require_order_id(Judgement& judgement, EventType type) {
  const FieldTable& fields = judgement.fields;
  if (fields[FieldId::kOrderId].state != FieldState::kAbsent) return;
  // The name the producer is most likely to have meant: a snapshot's is `id`, a status event's and
  // the flat form's `order_id`.
  const bool is_status_event =
      type == EventType::kStatusChanged || type == EventType::kPaymentStatusChanged;
  const bool is_snapshot = !is_status_event && !fields.is_flat();
  const FieldId name = is_snapshot ? FieldId::kId : FieldId::kOrderId;
  if (fields[FieldId::kId].state != FieldState::kAbsent) return;
  judgement.findings.push_back({Code::kMissingField, fields.body(), spec_of(name).name, "send it"});
}

void judge_missing(Judgement& judgement) {
  const FieldTable& fields = judgement.fields;
  require(judgement, fields[FieldId::kTimestamp], 0, FieldId::kTimestamp);
  if (!judgement.type || !fields.has_body()) return;
  require_order_id(judgement, *judgement.type);
  if (judgement.type == EventType::kStatusChanged) {
    require(judgement, fields[FieldId::kNewStatus], fields.body(), FieldId::kNewStatus);
  }
  if (judgement.type == EventType::kPaymentStatusChanged) {
    require(judgement, fields[FieldId::kNewPaymentStatus], fields.body(),
            FieldId::kNewPaymentStatus);
  }
  if (!fields.has_snapshot()) return;
  for (const FieldId id :
       {FieldId::kBranchId, FieldId::kTotalPrice, FieldId::kOrderStatus, FieldId::kPaymentStatus}) {
    require(judgement, fields[id], fields.snapshot(), id);
  }
  for (const LineFields& line : fields.lines()) {
    for (const FieldId id : {FieldId::kProductId, FieldId::kQuantity, FieldId::kLineTotal}) {
      require(judgement, line[id], line.node, id);
    }
  }
}

/// Rule 6. The place of a field that stands twice is where it stands again.
void judge_types(Judgement& judgement) {
  for (const RepeatedKey& repeated : judgement.document.repeated_keys()) {
    judgement.findings.push_back({Code::kBadType, repeated.again, {}, "send it once", true});
  }
  for (const Misfit& misfit : judgement.fields.misfits()) {
    report(judgement, Code::kBadType, misfit.node, misfit.wanted);
  }
}

// Rules 7 and 8.

void judge_instant(Judgement& judgement, Field& field) {
  if (!field.is_good()) return;
  const auto instant = parse_instant(field.text, *judgement.rules.zone);
  if (instant) {
    field.value = instant->time_since_epoch().count();
  } else {
    field.state = FieldState::kWrong;
    report(judgement, Code::kBadTimestamp, field.node,
           "write a real date as 2026-11-20T10:30:00+07:00, from 2000 to 2100");
  }
}

void judge_timestamps(Judgement& judgement) {
  judge_instant(judgement, judgement.fields[FieldId::kTimestamp]);
  judge_instant(judgement, judgement.fields[FieldId::kDate]);
}

void judge_future(Judgement& judgement) {
  const Field& timestamp = judgement.fields[FieldId::kTimestamp];
  if (!timestamp.is_good()) return;
  const Instant latest = judgement.now + judgement.rules.max_future;
  if (timestamp.value <= latest.time_since_epoch().count()) return;
  report(judgement, Code::kTimestampInFuture, timestamp.node,
         "set the sender's clock, or raise pipeline.max_future");
}

// Rules 9 to 11: numbers, judged by value.

std::optional<std::int64_t> valid_id(const Field& field) {
  if (!field.is_good()) return std::nullopt;
  const auto value = whole_of(field.number);
  return value && *value >= 1 ? value : std::nullopt;
}

void judge_id(Judgement& judgement, Field& field) {
  if (!field.is_good()) return;
  const auto value = valid_id(field);
  if (value) {
    field.value = *value;
  } else {
    field.state = FieldState::kWrong;
    report(judgement, Code::kBadId, field.node, "an id is whole, from 1 to 9223372036854775807");
  }
}

void judge_agreement(Judgement& judgement) {
  const FieldTable& fields = judgement.fields;
  const Field& order_id = fields[FieldId::kOrderId];
  const Field& id = fields[FieldId::kId];
  if (order_id.is_good() && id.is_good() && order_id.value != id.value) {
    // Neither is wrong by itself, so no single field is named (docs/contract.md §3).
    Finding finding{Code::kBadId, std::max(order_id.node, id.node), {}, ""};
    finding.is_shared = true;
    judgement.findings.push_back(finding);
    return;
  }
  const Field& inner = fields[FieldId::kSnapshotId];
  const auto outer = order_id_of(fields);
  if (inner.is_good() && outer && inner.value != *outer) {
    report(judgement, Code::kBadId, inner.node, "the snapshot's id must be the event's order id");
  }
}

void judge_ids(Judgement& judgement) {
  for (const FieldId id : {FieldId::kOrderId, FieldId::kId, FieldId::kSnapshotId, FieldId::kUserId,
                           FieldId::kBranchId, FieldId::kCouponId}) {
    judge_id(judgement, judgement.fields[id]);
  }
  for (LineFields& line : judgement.fields.lines()) {
    judge_id(judgement, line[FieldId::kProductId]);
  }
  judge_agreement(judgement);
}

void judge_amount(Judgement& judgement, Field& field, Hundredths lowest, const char* remedy) {
  if (!field.is_good()) return;
  const auto value = hundredths_of(field.number);
  if (value && *value >= lowest && *value < kMaxAmount) {
    field.value = *value;
  } else {
    report(judgement, Code::kBadPrice, field.node, remedy);
  }
}

void judge_prices(Judgement& judgement) {
  constexpr const char* kRemedy = "an amount is from 0 to 9999999999999.99, with two decimals";
  if (judgement.rules.allow_zero_total) {
    judge_amount(judgement, judgement.fields[FieldId::kTotalPrice], 0, kRemedy);
  } else {
    judge_amount(
        judgement, judgement.fields[FieldId::kTotalPrice], 1,
        "an order's total is from 0.01 to 9999999999999.99, with two decimals; free orders "
        "need validation.allow_zero_total");
  }
  for (LineFields& line : judgement.fields.lines()) {
    judge_amount(judgement, line[FieldId::kLineTotal], 0, kRemedy);
    judge_amount(judgement, line[FieldId::kPrice], 0, kRemedy);
  }
}

void judge_quantities(Judgement& judgement) {
  for (LineFields& line : judgement.fields.lines()) {
    Field& field = line[FieldId::kQuantity];
    if (!field.is_good()) continue;
    const auto value = whole_of(field.number);
    if (value && *value >= 1 && *value <= kMaxQuantity) {
      field.value = *value;
    } else {
      report(judgement, Code::kBadQuantity, field.node, "a quantity is whole, from 1 to 1000000");
    }
  }
}

/// Rule 12, and the texts' normal form, without which no length is known.
void judge_text(Judgement& judgement, Field& field, FieldId id) {
  if (!field.is_good()) return;
  if (!judgement.plainly_nfc && !is_plainly_nfc(field.text)) {
    field.text = judgement.texts.emplace_back(to_nfc(field.text));
  }
  const std::size_t limit = spec_of(id).max_code_points;
  if (limit == 0 || field.text.size() <= limit || count_code_points(field.text) <= limit) return;
  report(judgement, Code::kFieldTooLong, field.node,
         limit == 50    ? "at most 50 characters fit its column"
         : limit == 100 ? "at most 100 characters fit its column"
                        : "at most 255 characters fit its column");
}

void judge_lengths(Judgement& judgement) {
  for (const FieldId id :
       {FieldId::kEventId, FieldId::kOldStatus, FieldId::kNewStatus, FieldId::kNewPaymentStatus,
        FieldId::kAddress, FieldId::kNote, FieldId::kOrderStatus, FieldId::kPaymentStatus,
        FieldId::kPaymentMethod, FieldId::kUserName, FieldId::kUserEmail, FieldId::kBranchName,
        FieldId::kBranchAddress}) {
    judge_text(judgement, judgement.fields[id], id);
  }
  for (LineFields& line : judgement.fields.lines()) {
    judge_text(judgement, line[FieldId::kProductName], FieldId::kProductName);
    judge_text(judgement, line[FieldId::kColor], FieldId::kColor);
  }
}

/// Rule 13.
void judge_nul(Judgement& judgement) {
  for (const NodeId node : judgement.document.nul_nodes()) {
    report(judgement, Code::kNulInText, node, "PostgreSQL cannot hold U+0000; leave it out");
  }
}

using Rule = void (*)(Judgement&);
constexpr std::array<Rule, 9> kRules = {judge_missing,    judge_types,   judge_timestamps,
                                        judge_future,     judge_ids,     judge_prices,
                                        judge_quantities, judge_lengths, judge_nul};

/// Where nothing is judged further, because a field of a wrong type, or one that stands twice,
/// holds it.
class Unjudged {
 public:
  explicit Unjudged(const Judgement& judgement) {
    for (const Misfit& misfit : judgement.fields.misfits()) add(judgement, misfit.node);
    for (const RepeatedKey& repeated : judgement.document.repeated_keys()) {
      add(judgement, repeated.first);
      add(judgement, repeated.again);
    }
    std::sort(spans_.begin(), spans_.end());
    std::size_t kept = 0;  // spans nest or lie apart; the outermost of each nest are enough
    for (const Span& span : spans_) {
      if (kept == 0 || span.first >= spans_[kept - 1].second) spans_[kept++] = span;
    }
    spans_.resize(kept);
  }

  bool holds(const Finding& finding) const {
    const auto after =
        std::upper_bound(spans_.begin(), spans_.end(), finding.node,
                         [](NodeId node, const Span& span) { return node < span.first; });
    if (after == spans_.begin()) return false;
    const auto [first, end] = *(after - 1);
    // The field itself is what rule 6 reports; no later rule looks at it.
    const bool is_itself = finding.node == first && finding.code <= Code::kBadType;
    return finding.node < end && !is_itself;
  }

 private:
  using Span = std::pair<NodeId, NodeId>;

  void add(const Judgement& judgement, NodeId node) {
    spans_.emplace_back(node, judgement.document.node(node).end);
  }

  std::vector<Span> spans_;
};

/// Puts what one rule found, from `first` on, into the payload's order.
void put_in_order(Judgement& judgement, std::size_t first) {
  auto& findings = judgement.findings;
  if (first == findings.size() || findings[first].code == Code::kMissingField) return;
  const auto begin = findings.begin() + static_cast<std::ptrdiff_t>(first);
  const Unjudged unjudged(judgement);
  findings.erase(
      std::remove_if(begin, findings.end(), [&](const Finding& f) { return unjudged.holds(f); }),
      findings.end());
  std::stable_sort(begin, findings.end(),
                   [](const Finding& a, const Finding& b) { return a.node < b.node; });
}

}  // namespace

void judge_to_first(Judgement& judgement) {
  for (const Rule rule : kRules) {
    rule(judgement);
    if (!judgement.findings.empty()) [[unlikely]] {
      put_in_order(judgement, 0);
      return;
    }
  }
}

void judge_all(Judgement& judgement) {
  for (const Rule rule : kRules) {
    const std::size_t first = judgement.findings.size();
    rule(judgement);
    put_in_order(judgement, first);
  }
}

std::optional<OrderId> order_id_of(const FieldTable& fields) {
  const Field& order_id = fields[FieldId::kOrderId];
  const Field& id = fields[FieldId::kId];
  const auto is_absent = [](const Field& field) { return field.state == FieldState::kAbsent; };
  if (is_absent(order_id)) return valid_id(id);
  if (is_absent(id)) return valid_id(order_id);
  const auto value = valid_id(order_id);
  return value == valid_id(id) ? value : std::nullopt;
}

}  // namespace lensart::orders
