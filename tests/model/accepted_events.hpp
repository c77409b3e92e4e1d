/// Accepted events written down one by one, for the cases of the tables. Header only.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/model/fold.hpp"

namespace lensart::model {

inline constexpr const char* kProcessing = "Đang xử lý";
inline constexpr const char* kReady = "Đã xử lý và sẵn sàng giao hàng";
inline constexpr const char* kShipping = "Đang giao hàng";
inline constexpr const char* kDelivered = "Đã giao";
inline constexpr const char* kCancelled = "Đã hủy";

/// Half past ten in the morning in Asia/Ho_Chi_Minh, plus `after`.
inline Instant at(std::chrono::microseconds after) {
  return std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + std::chrono::hours(3) +
         std::chrono::minutes(30) + after;
}
inline std::string printed(std::chrono::microseconds after) { return print_instant(at(after)); }
inline std::string session_at(std::chrono::microseconds after) {
  return std::to_string(at(after).time_since_epoch().count());
}

/// What a snapshot says; 10.00 at branch 1 unless told.
struct Says {
  std::string status = kProcessing;
  std::int64_t branch = 1;
  std::int64_t total = 1000;
  std::optional<std::string> method = std::nullopt;
  std::optional<Instant> date = std::nullopt;
  std::vector<Line> lines = {};
};

/// Orders' events, of order 7 until `order` says otherwise.
class Events {
 public:
  using After = std::chrono::microseconds;
  using Text = std::optional<std::string>;

  Events& order(std::int64_t order_id) {
    order_id_ = order_id;
    return *this;
  }
  Events& created(const std::string& id, After after, const Says& says = {}) {
    return add(EventType::kCreated, id, after, says);
  }
  Events& updated(const std::string& id, After after, const Says& says = {}) {
    return add(EventType::kUpdated, id, after, says);
  }
  Events& cancelled(const std::string& id, After after, const Says& says = {}) {
    return add(EventType::kCancelled, id, after, says);
  }
  Events& status(const std::string& id, After after, const std::string& to, Text from = {},
                 const std::optional<Says>& says = std::nullopt) {
    add(EventType::kStatusChanged, id, after, says);
    accepted_.back().event.new_status = to;
    accepted_.back().event.old_status = std::move(from);
    return *this;
  }
  Events& payment(const std::string& id, After after,
                  const std::optional<Says>& says = std::nullopt) {
    return add(EventType::kPaymentStatusChanged, id, after, says);
  }
  /// The event written down last was too late.
  Events& too_late() {
    accepted_.back().too_late = true;
    return *this;
  }

  const std::vector<AcceptedEvent>& all() const { return accepted_; }

 private:
  Events& add(EventType type, const std::string& id, After after, const std::optional<Says>& says) {
    AcceptedEvent one;
    one.event.type = type;
    one.event.event_id = id;
    one.event.timestamp = at(after);
    one.event.order_id = order_id_;
    if (says) {
      Snapshot snapshot;
      snapshot.branch_id = says->branch;
      snapshot.total_price = says->total;
      snapshot.order_status = says->status;
      snapshot.payment_method = says->method;
      snapshot.date = says->date;
      snapshot.lines = says->lines;
      one.event.snapshot = std::move(snapshot);
    }
    accepted_.push_back(std::move(one));
    return *this;
  }

  std::int64_t order_id_ = 7;
  std::vector<AcceptedEvent> accepted_;
};

}  // namespace lensart::model
