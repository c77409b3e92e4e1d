/// From a row to the `order.created` event it stands for, held to the pipeline's own rules
/// (docs/contract.md §1 and §2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/import/columns.hpp"
#include "apps/import/problem.hpp"
#include "apps/import/seen_ids.hpp"
#include "apps/orders/event_reader.hpp"
#include "apps/orders/json_document.hpp"

namespace lensart::importing {

/// `{"event_type":"order.created","event_id":"import-<id>","timestamp":"<created_at, else date>",
/// "data":{…}}`. The id is written the shortest way whatever the row spells, so that importing an
/// order again gives the id again. REQUIRES: what a row's columns hold is JSON.
std::string event_of(const OrderRow& row);

/// Threads: one. Memory: an event, and the ids of the orders in ranges.
class OrderEvents {
 public:
  explicit OrderEvents(const orders::Rules& rules) : reader_(rules) {}

  /// The event, or nothing and the row's problems added. `payload` lives until the next call.
  struct Ready {
    std::int64_t order_id = 0;
    std::string_view payload;
  };
  bool make(const OrderRow& row, Instant now, Ready& ready, std::vector<Problem>& problems);

 private:
  bool judge_nested(const OrderRow& row, std::vector<Problem>& problems);
  void judge_members(orders::NodeId object, Column column, const std::string& path,
                     const OrderRow& row, std::vector<Problem>& problems) const;
  void judge_rules(const OrderRow& row, Instant now, std::vector<Problem>& problems);

  orders::EventReader reader_;
  orders::JsonDocument nested_;
  SeenIds seen_;
  std::string payload_;
  std::size_t payload_size_ = 0;
};

}  // namespace lensart::importing
