/// The envelope of docs/contract.md §1, made of what a request says.
///
/// Internal to `apps/gateway`. Nothing is judged here: what is wrong in the request is wrong in the
/// envelope too, and the rules find it there.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "apps/orders/event.hpp"
#include "apps/orders/json_document.hpp"

namespace lensart::gateway {

/// The member of this name whose value is not null; 0 if there is none. Of two the first.
orders::NodeId member(const orders::JsonDocument& document, orders::NodeId object,
                      std::string_view key);

/// `evt_` and 128 random bits in hexadecimal.
std::string random_event_id();

/// Threads: one at a time. Lifetime: the document outlives it.
class Envelope {
 public:
  Envelope(const orders::JsonDocument& document, const std::function<std::string()>& make_event_id,
           Instant now)
      : document_(document), make_event_id_(make_event_id), now_(now) {}

  /// Of one of the order endpoints: the order stands at the top, under `data` or under `order`.
  void write_order(orders::EventType type);
  /// Of `generic`: what the request has under the envelope's own names.
  void write_generic();

  /// What was written, once.
  std::string take() { return std::move(out_); }
  bool data_is_missing() const { return data_is_missing_; }
  /// The request's, or the one made; empty where the request's is no text.
  const std::string& event_id() const { return event_id_; }

  /// `data.order.branch_id` of the envelope as the request has it: `branch_id`, `order.branch_id`…
  std::string name_in_request(std::string_view field) const;

 private:
  void write_id_and_timestamp();
  void write_snapshot();
  void write_status();
  void write_status_of_snapshot(orders::NodeId base);
  void copy_from_top(orders::NodeId base);
  bool looks_like_snapshot(orders::NodeId object) const;
  bool names_order(orders::NodeId object) const;
  void name_data(std::string name);

  void separate();
  void begin_object(std::string_view name);
  void write_text(std::string_view name, std::string_view text);
  /// All members of this name, nulls too; false, and nothing, where none is more than a null.
  bool copy(orders::NodeId object, std::string_view key);
  bool copy_as(orders::NodeId object, std::string_view key, std::string_view name);
  /// All other members; of the top, only those that are the order's.
  void copy_others(orders::NodeId object, std::span<const std::string_view> but_for);

  const orders::JsonDocument& document_;
  const std::function<std::string()>& make_event_id_;
  Instant now_;
  std::string out_;
  std::string event_id_;
  bool data_is_missing_ = false;
  // What `data.` and `data.order.` of the envelope are called in the request.
  std::string data_name_ = "data";
  std::string data_prefix_ = "data.";
  std::string order_prefix_ = "data.order.";
};

}  // namespace lensart::gateway
