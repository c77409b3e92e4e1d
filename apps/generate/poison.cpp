#include "apps/generate/poison.hpp"

#include <algorithm>
#include <cstdlib>

#include "apps/generate/render.hpp"

namespace lensart::generate {
namespace {

using orders::EventType;

/// The end of the JSON value that starts at `at`, in a payload that we wrote ourselves.
std::size_t end_of_value(std::string_view json, std::size_t at) {
  int depth = 0;
  bool in_string = false;
  for (; at < json.size(); ++at) {
    const char c = json[at];
    if (in_string) {
      if (c == '\\') {
        ++at;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth-- == 0) return at;
    } else if (c == ',' && depth == 0) {
      return at;
    }
  }
  return at;
}

struct Member {
  std::size_t key = 0;  ///< where its opening quote stands
  std::size_t value = 0;
  std::size_t end = 0;
};

/// REQUIRES: the path is there, as the table of cases sees to.
Member find_member(std::string_view json, std::string_view path) {
  Member found;
  while (!path.empty()) {
    const std::size_t bar = path.find('>');
    std::string key = "\"";
    key += path.substr(0, bar);
    key += "\":";
    found.key = json.find(key, found.value);
    if (found.key == std::string_view::npos) std::abort();
    found.value = found.key + key.size();
    path = bar == std::string_view::npos ? std::string_view{} : path.substr(bar + 1);
  }
  found.end = end_of_value(json, found.value);
  return found;
}

void drop(std::string& payload, std::string_view path) {
  Member member = find_member(payload, path);
  // One comma goes with it: the one after, or before the last member the one before.
  if (payload[member.end] == ',') {
    ++member.end;
  } else if (payload[member.key - 1] == ',') {
    --member.key;
  }
  payload.erase(member.key, member.end - member.key);
}

void insert(std::string& payload, std::string_view path, std::string_view text) {
  const std::size_t object = path.empty() ? 0 : find_member(payload, path).value;
  payload.insert(object + 1, text);
}

EventType type_of(PoisonBase base) {
  switch (base) {
    case PoisonBase::kCreated:
    case PoisonBase::kFlatCreated:
      return EventType::kCreated;
    case PoisonBase::kUpdated:
      return EventType::kUpdated;
    case PoisonBase::kCancelled:
      return EventType::kCancelled;
    case PoisonBase::kStatus:
    case PoisonBase::kBareStatus:
      return EventType::kStatusChanged;
    case PoisonBase::kBarePayment:
      return EventType::kPaymentStatusChanged;
  }
  std::abort();
}

/// The plan with everything in it that a case may want to break.
void render_base(PoisonBase base, const PoisonContext& context, std::string& payload) {
  OrderPlan plan = context.plan;
  plan.walk_in = false;
  plan.empty_branch = false;
  plan.line_count = std::max<std::uint8_t>(plan.line_count, 1);
  plan.updated_line_count = std::max<std::uint8_t>(plan.updated_line_count, 1);
  Step step = context.step;
  step.type = type_of(base);
  step.flat = base == PoisonBase::kFlatCreated;
  step.string_ids = false;
  step.number_prices = false;
  const bool bare = base == PoisonBase::kBareStatus || base == PoisonBase::kBarePayment;
  step.order_form = bare ? OrderForm::kNull : OrderForm::kSnapshot;
  render_event(payload, plan, step, context.seed, context.event_number);
}

orders::Topic topic_named(std::string_view name) {
  if (name == "created") return orders::Topic::kOrderCreated;
  if (name == "updated") return orders::Topic::kOrderUpdated;
  if (name == "cancelled") return orders::Topic::kOrderCancelled;
  return orders::Topic::kOrderEvents;
}

}  // namespace

Poison apply_poison(const PoisonCase& chosen, const PoisonContext& context, std::string& payload) {
  Poison poison{topic_of(type_of(chosen.base)), chosen.code, chosen.name, false};
  render_base(chosen.base, context, payload);
  switch (chosen.edit) {
    case PoisonEdit::kSet: {
      const Member member = find_member(payload, chosen.path);
      payload.replace(member.value, member.end - member.value, chosen.text);
      break;
    }
    case PoisonEdit::kDrop:
      drop(payload, chosen.path);
      break;
    case PoisonEdit::kInsert:
      insert(payload, chosen.path, chosen.text);
      break;
    case PoisonEdit::kPrepend:
      payload.insert(0, chosen.text);
      break;
    case PoisonEdit::kAppend:
      payload += chosen.text;
      break;
    case PoisonEdit::kWhole:
      payload = chosen.text;
      break;
    case PoisonEdit::kCut:
      payload.resize(payload.size() * 3 / 4);
      break;
    case PoisonEdit::kNull:
      payload.clear();
      poison.is_null = true;
      break;
    case PoisonEdit::kOversize:
      payload.resize(context.max_payload_bytes + 1, ' ');
      break;
    case PoisonEdit::kTopic:
      poison.topic = topic_named(chosen.path);
      break;
  }
  return poison;
}

Poison make_poison(const PoisonContext& context, Random& random, std::string& payload) {
  static const std::uint64_t kTotal = [] {
    std::uint64_t sum = 0;
    for (const PoisonCase& each : poison_cases()) sum += each.weight;
    return sum;
  }();
  std::uint64_t drawn = random.below(kTotal);
  const PoisonCase* chosen = poison_cases().data();
  while (drawn >= chosen->weight) drawn -= (chosen++)->weight;
  return apply_poison(*chosen, context, payload);
}

}  // namespace lensart::generate
