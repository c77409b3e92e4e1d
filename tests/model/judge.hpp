/// What one payload is by docs/contract.md §1 and §2, rules 1 to 13, judged as plainly as possible.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "graph/clock.hpp"
#include "tests/model/instant.hpp"

namespace lensart::model {

enum class TopicKind { kOrderCreated, kOrderUpdated, kOrderCancelled, kOrderEvents };

/// In the order of their ranks, which break ties between events of the same instant (§3).
enum class EventType { kCreated, kUpdated, kPaymentStatusChanged, kStatusChanged, kCancelled };
std::string_view name_of(EventType type);

/// What the run was configured with, by default what the contract says.
struct Settings {
  std::size_t max_payload_bytes = 1024 * 1024;
  std::chrono::microseconds max_future = std::chrono::hours(1);
  bool allow_zero_total = false;
  Zone zone;
  /// The tables of a job that is not here are empty. All of them: `kAllJobs`.
  std::set<std::string> jobs = {"orders", "status", "metrics"};
  std::map<std::string, std::string> status_map = {{"Đang xử lý", "pending"},
                                                   {"Đã xử lý và sẵn sàng giao hàng", "processing"},
                                                   {"Đang giao hàng", "processing"},
                                                   {"Đã giao", "completed"},
                                                   {"Đã hủy", "cancelled"}};
  std::map<std::string, std::string> payment_map = {
      {"Tiền mặt", "cash"}, {"cash", "cash"},     {"COD", "cash"},   {"Chuyển khoản", "online"},
      {"payos", "online"},  {"online", "online"}, {"momo", "online"}};
  /// From first to last.
  std::vector<std::string> status_ranks = {"Đang xử lý", "Đã xử lý và sẵn sàng giao hàng",
                                           "Đang giao hàng", "Đã giao"};
  std::set<std::string> terminal_statuses = {"Đã giao", "Đã hủy"};
  std::chrono::microseconds stuck_after = std::chrono::hours(24);
  std::chrono::microseconds session_gap = std::chrono::minutes(30);
  std::chrono::microseconds sliding_retention = std::chrono::hours(400 * 24);
  std::chrono::microseconds max_out_of_orderness = std::chrono::minutes(5);
  /// Nothing is unlimited, here and below.
  std::optional<std::chrono::microseconds> allowed_lateness = std::chrono::hours(1);
  std::optional<std::chrono::microseconds> state_ttl = std::chrono::hours(400 * 24);
};

inline const std::set<std::string> kAllJobs = {"orders", "status", "metrics",
                                               "product_sales_hourly"};

struct Line {
  std::int64_t product_id = 0;
  std::optional<std::string> product_name;
  std::optional<std::string> color;
  std::int64_t quantity = 0;
  std::int64_t total_price = 0;  ///< hundredths, as all amounts
  std::optional<std::int64_t> price;
};

struct Snapshot {
  std::optional<std::int64_t> user_id;
  std::optional<std::string> user_name;
  std::optional<std::string> user_email;
  std::int64_t branch_id = 0;
  std::optional<std::string> branch_name;
  std::optional<std::string> branch_address;
  std::optional<Instant> date;
  std::optional<std::string> address;
  std::optional<std::string> note;
  std::optional<std::int64_t> coupon_id;
  std::int64_t total_price = 0;
  std::string order_status;
  std::string payment_status;
  std::optional<std::string> payment_method;
  std::vector<Line> lines;
};

/// Texts are NFC.
struct Event {
  EventType type = EventType::kCreated;
  std::string event_id;
  Instant timestamp;
  std::int64_t order_id = 0;
  std::optional<std::string> old_status;  ///< status_changed
  std::string new_status;                 ///< status_changed
  std::string new_payment_status;         ///< payment_status_changed
  std::optional<Snapshot> snapshot;
};

struct Verdict {
  /// "accepted", "ignored", or the code of the first rule that is broken.
  std::string outcome;
  /// Of a broken rule: the field, and what the dead letter says of the event.
  std::string field;
  std::optional<std::string> event_id;
  std::optional<std::int64_t> order_id;
  /// Of an accepted event.
  Event event;
  /// Of an accepted event: the payload's value in canonical form, for `event_data`.
  std::string canonical_payload;

  bool accepted() const { return outcome == "accepted"; }
  bool ignored() const { return outcome == "ignored"; }
};

/// `payload`: a null value is an empty one. `now`: the wall clock.
Verdict judge(TopicKind topic, std::string_view payload, Instant now, const Settings& settings);

}  // namespace lensart::model
