#include "tests/corpus/payload.hpp"

#include <algorithm>
#include <utility>

namespace lensart::corpus {

using model::TopicKind;

void ObjectText::set(const std::string& key, const std::string& value) {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const auto& member) { return member.first == key; });
  if (found == members_.end()) return append(key, value);
  found->second = value;
}

void ObjectText::drop(const std::string& key) {
  std::erase_if(members_, [&](const auto& member) { return member.first == key; });
}

void ObjectText::append(const std::string& key, const std::string& value) {
  members_.emplace_back(key, value);
}

void ObjectText::prepend(const std::string& key, const std::string& value) {
  members_.emplace(members_.begin(), key, value);
}

std::string ObjectText::text() const {
  std::string text = "{";
  for (const auto& [key, value] : members_) {
    if (text.size() > 1) text += ',';
    text += quoted(key) + ':' + value;
  }
  return text + "}";
}

Draft Draft::top(const std::string& key, const std::string& value) const {
  Draft next = *this;
  next.envelope_.set(key, value);
  return next;
}

Draft Draft::top_without(const std::string& key) const {
  Draft next = *this;
  next.envelope_.drop(key);
  return next;
}

Draft Draft::top_append(const std::string& key, const std::string& value) const {
  Draft next = *this;
  next.envelope_.append(key, value);
  return next;
}

Draft Draft::data(const std::string& key, const std::string& value) const {
  Draft next = *this;
  next.data_.set(key, value);
  return next;
}

Draft Draft::data_without(const std::string& key) const {
  Draft next = *this;
  next.data_.drop(key);
  return next;
}

Draft Draft::data_append(const std::string& key, const std::string& value) const {
  Draft next = *this;
  next.data_.append(key, value);
  return next;
}

Draft Draft::data_prepend(const std::string& key, const std::string& value) const {
  Draft next = *this;
  next.data_.prepend(key, value);
  return next;
}

Draft Draft::flat() const {
  Draft next = *this;
  next.flat_ = true;
  return next;
}

Draft Draft::on(TopicKind topic) const {
  Draft next = *this;
  next.topic_ = topic;
  return next;
}

std::string Draft::text() const {
  ObjectText whole = envelope_;
  if (flat_) {
    for (const auto& [key, value] : data_.members()) whole.append(key, value);
  } else {
    whole.append("data", data_.text());
  }
  return whole.text();
}

namespace {

ObjectText envelope(std::string_view type) {
  return {{"event_type", quoted(type)},
          {"event_id", R"("corpus @ORDER@")"},
          {"timestamp", R"("2024-05-01T10:30:02+07:00")"}};
}

}  // namespace

ObjectText good_line() {
  return {{"id", "901"},
          {"product_id", "37"},
          {"product_name", R"("G\u1ecdng k\u00ednh Ray-Ban")"},
          {"color", R"("\u0110en nh\u00e1m")"},
          {"quantity", "2"},
          {"total_price", R"("1250000.00")"}};
}

ObjectText good_snapshot() {
  return {{"id", "@ORDER@"},
          {"user_id", "12"},
          {"branch_id", "2"},
          {"date", R"("2024-05-01 10:30:00")"},
          {"address", R"("12\/5 Nguy\u1ec5n \u0110\u00ecnh Chi\u1ec3u")"},
          {"note", "null"},
          {"coupon_id", "null"},
          {"total_price", R"("1750000.00")"},
          {"order_status", R"("\u0110ang x\u1eed l\u00fd")"},
          {"payment_status", R"("Ch\u01b0a thanh to\u00e1n")"},
          {"payment_method", R"("Ti\u1ec1n m\u1eb7t")"},
          {"status", R"("active")"},
          {"user", R"({"id":12,"name":"Nguy\u1ec5n \u00c1nh","email":"anh@example.com"})"},
          {"branch",
           R"({"id":2,"name":"LensArt Qu\u1eadn 3","address":"25 V\u00f5 V\u0103n T\u1ea7n"})"},
          {"order_details", "[" + good_line().text() + "]"},
          {"metadata", "[]"}};
}

Draft created() { return {TopicKind::kOrderCreated, envelope("order.created"), good_snapshot()}; }
Draft updated() { return {TopicKind::kOrderUpdated, envelope("order.updated"), good_snapshot()}; }
Draft cancelled() {
  return {TopicKind::kOrderCancelled, envelope("order.cancelled"), good_snapshot()};
}

Draft status_changed() {
  return {TopicKind::kOrderEvents,
          envelope("order.status_changed"),
          {{"order_id", "@ORDER@"},
           {"old_status", R"("\u0110ang x\u1eed l\u00fd")"},
           {"new_status", R"("\u0110ang giao h\u00e0ng")"},
           {"order", "null"}}};
}

Draft payment_changed() {
  return {TopicKind::kOrderEvents,
          envelope("order.payment_status_changed"),
          {{"order_id", "@ORDER@"},
           {"old_payment_status", R"("Ch\u01b0a thanh to\u00e1n")"},
           {"new_payment_status", R"("\u0110\u00e3 thanh to\u00e1n")"},
           {"order", "null"}}};
}

Draft status_changed_with(const ObjectText& snapshot) {
  return status_changed().data("order", snapshot.text());
}

Draft created_with(const ObjectText& line) {
  return created().data("order_details", "[" + line.text() + "]");
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  out += text;
  return out + "\"";
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace lensart::corpus
