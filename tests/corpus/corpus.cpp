#include "tests/corpus/corpus.hpp"

namespace lensart::corpus {
namespace {

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

}  // namespace

Case& Collector::add(const std::string& name, model::TopicKind topic, std::string payload) {
  replace_all(payload, "@ORDER@", std::to_string(next_order_id_));
  Case& added = cases_.emplace_back();
  added.name = name;
  added.topic = topic;
  added.payload = std::move(payload);
  ++next_order_id_;
  return added;
}

Case& Collector::accept(const std::string& name, const Draft& draft, Expectations columns) {
  return accept_bytes(name, draft.topic(), draft.text(), std::move(columns));
}

Case& Collector::accept_bytes(const std::string& name, model::TopicKind topic, std::string payload,
                              Expectations columns) {
  Case& added = add(name, topic, std::move(payload));
  added.outcome = "accepted";
  added.columns = std::move(columns);
  return added;
}

Case& Collector::ignore(const std::string& name, const Draft& draft) {
  Case& added = add(name, draft.topic(), draft.text());
  added.outcome = "ignored";
  return added;
}

Case& Collector::reject(const std::string& name, const Draft& draft, const std::string& code,
                        const std::string& field) {
  const std::int64_t order_id = next_order_id_;
  Case& added = add(name, draft.topic(), draft.text());
  added.outcome = code;
  added.field = field;
  added.event_id = "corpus " + std::to_string(order_id);
  added.order_id = order_id;
  return added;
}

Case& Collector::unreadable(const std::string& name, std::optional<std::string> payload,
                            const std::string& code) {
  const bool null_value = !payload;
  Case& added = add(name, model::TopicKind::kOrderCreated, std::move(payload).value_or(""));
  if (null_value) added.payload.reset();
  added.outcome = code;
  return added;
}

std::vector<Case> all_cases(Instant now) {
  Collector cases;
  add_json_cases(cases);
  add_number_cases(cases);
  add_type_cases(cases);
  add_repeated_field_cases(cases);
  add_missing_field_cases(cases);
  add_timestamp_cases(cases, now);
  add_id_cases(cases);
  add_money_cases(cases);
  add_text_cases(cases);
  add_shape_cases(cases);
  return cases.take();
}

}  // namespace lensart::corpus
