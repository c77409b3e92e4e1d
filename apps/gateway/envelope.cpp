#include "apps/gateway/envelope.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "apps/gateway/json_writer.hpp"
#include "apps/orders/instant_text.hpp"

namespace lensart::gateway {
namespace {

using orders::EventType;
using orders::JsonDocument;
using orders::JsonKind;
using orders::NodeId;

constexpr NodeId kTop = 0;

/// What stands at the top of a request and is not the order's.
constexpr std::array<std::string_view, 4> kEnvelopeNames = {"event_type", "event_id", "timestamp",
                                                            "data"};
/// What an order that is no mere status change has at least (docs/contract.md §1).
constexpr std::array<std::string_view, 4> kSnapshotNames = {"branch_id", "total_price",
                                                            "order_status", "payment_status"};
constexpr std::array<std::string_view, 4> kStatusNames = {"order_id", "id", "old_status",
                                                          "new_status"};

template <class Names>
bool holds(const Names& names, std::string_view key) {
  return std::find(names.begin(), names.end(), key) != names.end();
}

bool is_container(JsonKind kind) { return kind == JsonKind::kObject || kind == JsonKind::kArray; }

/// `{}`, and `[]`, which is how PHP writes it.
bool is_empty_object(const JsonDocument& document, NodeId node) {
  return is_container(document.node(node).kind) && document.is_empty(node);
}

std::size_t count_of(const JsonDocument& document, NodeId object, std::string_view key) {
  std::size_t count = 0;
  for (NodeId id = object + 1; id < document.node(object).end; id = document.node(id).end) {
    if (document.node(id).key == key) ++count;
  }
  return count;
}

}  // namespace

NodeId member(const JsonDocument& document, NodeId object, std::string_view key) {
  for (NodeId id = object + 1; id < document.node(object).end; id = document.node(id).end) {
    const auto& node = document.node(id);
    if (node.key == key && node.kind != JsonKind::kNull) return id;
  }
  return 0;
}

std::string random_event_id() {
  std::array<unsigned char, 16> bytes{};
  // Fails only where the system has no randomness at all: then no id can be trusted to be new.
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) std::abort();
  std::string id = "evt_";
  for (const unsigned char byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    id += kDigits[byte >> 4U];
    id += kDigits[byte & 15U];
  }
  return id;
}

void Envelope::write_order(EventType type) {
  out_.reserve(2048);
  out_ = fmt::format(R"({{"event_type":"{}")", name_of(type));
  write_id_and_timestamp();
  type == EventType::kStatusChanged ? write_status() : write_snapshot();
  out_ += '}';
}

void Envelope::write_generic() {
  out_ = '{';
  copy(kTop, "event_type");
  write_id_and_timestamp();
  data_is_missing_ = !copy(kTop, "data");
  out_ += '}';
}

void Envelope::write_id_and_timestamp() {
  const NodeId id = member(document_, kTop, "event_id");
  const bool is_text = id != 0 && document_.node(id).kind == JsonKind::kText;
  // An empty one is none (docs/contract.md §1); one that stands twice is for the rules.
  const bool is_none = id == 0 || (is_text && document_.node(id).text.empty() &&
                                   count_of(document_, kTop, "event_id") == 1);
  if (is_none) {
    event_id_ = make_event_id_();
    write_text("event_id", event_id_);
  } else {
    if (is_text) event_id_ = document_.node(id).text;
    copy(kTop, "event_id");
  }
  if (!copy(kTop, "timestamp")) write_text("timestamp", orders::utc_text(now_));
}

void Envelope::write_snapshot() {
  for (const std::string_view name : {"data", "order"}) {
    if (!copy_as(kTop, name, "data")) continue;
    name_data(std::string(name));
    return;
  }
  name_data("");
  begin_object("data");
  copy_others(kTop, std::array<std::string_view, 1>{"order"});  // null, else it were the order
  out_ += '}';
}

void Envelope::write_status() {
  const NodeId data = member(document_, kTop, "data");
  const bool is_object = data != 0 && (document_.node(data).kind == JsonKind::kObject ||
                                       is_empty_object(document_, data));
  if (data != 0 && (!is_object || count_of(document_, kTop, "data") > 1)) {
    copy(kTop, "data");  // as wrong as it is
    return;
  }
  const NodeId base = data;  // without one, the top
  name_data(base == kTop ? "" : "data");
  const NodeId owner = member(document_, base, "order") != 0 ? base : kTop;
  const NodeId order = member(document_, owner, "order");
  const bool has_order = order != 0 && !is_empty_object(document_, order);
  begin_object("data");
  if (!has_order && looks_like_snapshot(base)) {
    write_status_of_snapshot(base);
  } else {
    copy_others(base, std::array<std::string_view, 0>{});
    copy_from_top(base);
    if (has_order && owner != base) copy(kTop, "order");
    if (owner == kTop) order_prefix_ = "order.";
    if (has_order && !names_order(base) && !names_order(kTop)) {
      copy_as(order, "id", "order_id") || copy(order, "order_id");
    }
  }
  out_ += '}';
}

/// The order itself with the change among its fields: the two are told apart.
void Envelope::write_status_of_snapshot(NodeId base) {
  for (const auto name : kStatusNames) copy(base, name);
  copy_from_top(base);
  order_prefix_ = data_prefix_;
  begin_object("order");
  copy_others(base,
              std::array<std::string_view, 4>{"order", "order_id", "old_status", "new_status"});
  out_ += '}';
}

/// What names the order and its change may stand above `data`.
void Envelope::copy_from_top(NodeId base) {
  if (base == kTop) return;
  for (const auto name : kStatusNames) {
    if (member(document_, base, name) == 0) copy(kTop, name);
  }
}

bool Envelope::looks_like_snapshot(NodeId object) const {
  return std::any_of(kSnapshotNames.begin(), kSnapshotNames.end(),
                     [&](std::string_view name) { return member(document_, object, name) != 0; });
}

bool Envelope::names_order(NodeId object) const {
  return member(document_, object, "order_id") != 0 || member(document_, object, "id") != 0;
}

void Envelope::name_data(std::string name) {
  data_prefix_ = name.empty() ? name : name + ".";
  order_prefix_ = data_prefix_ + "order.";
  data_name_ = std::move(name);
}

std::string Envelope::name_in_request(std::string_view field) const {
  constexpr std::string_view kOrder = "data.order.";
  constexpr std::string_view kData = "data.";
  if (field == "data") return data_name_;
  if (field.starts_with(kOrder)) {
    return order_prefix_ + std::string(field.substr(kOrder.size()));
  }
  if (field.starts_with(kData)) return data_prefix_ + std::string(field.substr(kData.size()));
  return std::string(field);
}

void Envelope::separate() {
  if (out_.back() != '{') out_ += ',';
}

void Envelope::begin_object(std::string_view name) {
  separate();
  append_text(out_, name);
  out_ += ":{";
}

void Envelope::write_text(std::string_view name, std::string_view text) {
  separate();
  append_text(out_, name);
  out_ += ':';
  append_text(out_, text);
}

bool Envelope::copy(NodeId object, std::string_view key) { return copy_as(object, key, key); }

bool Envelope::copy_as(NodeId object, std::string_view key, std::string_view name) {
  if (member(document_, object, key) == 0) return false;
  for (NodeId id = object + 1; id < document_.node(object).end; id = document_.node(id).end) {
    if (document_.node(id).key != key) continue;
    separate();
    append_text(out_, name);
    out_ += ':';
    append_value(out_, document_, id);
  }
  return true;
}

void Envelope::copy_others(NodeId object, std::span<const std::string_view> but_for) {
  for (NodeId id = object + 1; id < document_.node(object).end; id = document_.node(id).end) {
    const auto key = document_.node(id).key;
    if (object == kTop && holds(kEnvelopeNames, key)) continue;
    if (holds(but_for, key)) continue;
    separate();
    append_member(out_, document_, id);
  }
}

}  // namespace lensart::gateway
