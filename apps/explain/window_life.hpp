/// One hour of one branch, for `lensart explain window`: the orders in it, what late events left
/// out of it, and what can still change it.
#pragma once

#include <string>

#include "apps/config/config.hpp"
#include "apps/explain/answer.hpp"
#include "apps/explain/ask_state.hpp"
#include "graph/error.hpp"
#include "storage/postgres/connection.hpp"

namespace lensart::app {

struct WindowKey {
  std::string date;  ///< YYYY-MM-DD, business zone
  int hour = 0;      ///< 0…23
  std::int64_t branch_id = 0;
};

/// Fails with kBadUsage, naming the argument.
Result<WindowKey> parse_window(const std::string& date, const std::string& hour,
                               const std::string& branch);

/// `{"window": {…}, "row": order_metrics' row or null, "orders": [{"order_id", "counts",
/// "counts_with_late", "placed_at", "total_price", "order_status", "counts_as", "payment_method",
/// "paid_by", "latest_at", "too_late_events", "followed"}], "late_before", "ends_at", "verdict",
/// "moment": {…}}`. `verdict`: `open` (events of this hour still count), `corrections` (only what
/// happens later to its orders, or is dated back into it, changes it).
Result<Json> window_life(const Config& config, const WindowKey& key);
/// The same with what the caller has. After a failure the connection may be inside a transaction.
Result<Json> window_life(storage::Connection& connection, const AskState& ask, const Config& config,
                         const WindowKey& key);

}  // namespace lensart::app
