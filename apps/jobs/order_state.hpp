/// What the pipeline remembers of an order: the last writer of each group of fields
/// (docs/contract.md §3, orders_processed).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/orders/event.hpp"
#include "graph/time_zone.hpp"
#include "storage/outbox_format.hpp"

namespace lensart::jobs {

/// The order of one order's events: `(timestamp, rank, event_id)`, ids by their UTF-8 bytes.
struct SortKey {
  Instant timestamp = Instant::min();
  orders::EventType rank = orders::EventType::kCreated;
  std::string event_id;

  /// Whether `event` comes after this one.
  bool before(const orders::Event& event) const;
  void assign(const orders::Event& event);
};

/// A 128-bit hash of an order's encoded lines, to tell whether a snapshot changed them.
using LinesHash = std::array<std::uint64_t, 2>;

/// Threads: one at a time.
struct OrderState {
  bool has_snapshot = false;
  bool row_sent = false;  ///< an earlier epoch has put the order's row into the outbox
  SortKey snapshot_key;
  std::string snapshot_columns;  ///< user_id … items_count, encoded as orders_processed has them
  bool has_status = false;
  SortKey status_key;
  std::string status;
  bool has_payment = false;
  SortKey payment_key;
  std::string payment_status;
  std::optional<Instant> earliest_created;
  Instant earliest = Instant::max();
  Instant latest = Instant::min();
  std::uint32_t lines = 0;
  LinesHash lines_hash{};
  storage::Origin origin;  ///< the last event that changed anything

  // Since the last close of an epoch; never persisted.
  bool lines_changed = false;
  std::uint32_t lines_stored = 0;          ///< how many lines the state holds, once lines_changed
  std::vector<std::string> pending_lines;  ///< the new rows of order_items_analytics

  /// Folds one accepted event in. False when nothing changed.
  bool apply(const orders::Event& event, const storage::Origin& origin, const TimeZone& zone);

  /// The row of orders_processed. REQUIRES: has_snapshot.
  void append_row(std::string& out, orders::OrderId order_id) const;

  /// Approximate memory, for the cache's budget.
  std::size_t bytes() const;

  std::string encode() const;
  static std::optional<OrderState> decode(std::string_view sealed);

 private:
  void take_snapshot(const orders::Event& event, const TimeZone& zone);
};

}  // namespace lensart::jobs
