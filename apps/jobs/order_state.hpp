/// What the pipeline remembers of an order (docs/state-format.md, orders).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "apps/jobs/order_fold.hpp"
#include "apps/jobs/stored_writes.hpp"
#include "apps/orders/event.hpp"
#include "graph/batch.hpp"
#include "graph/time_zone.hpp"
#include "storage/outbox_format.hpp"

namespace lensart::jobs {

/// A 128-bit hash of an order's encoded lines, to tell whether a snapshot changed them.
using LinesHash = std::array<std::uint64_t, 2>;

/// Threads: one at a time.
struct OrderState {
  OrderFold all;  ///< of every accepted event: what the tables show
  /// The fold of the events that were not too late, kept only once a late one has made the two
  /// differ: what the metrics count (docs/contract.md §4).
  std::unique_ptr<OrderFold> on_time;
  bool expired = false;   ///< nothing is left of it but this: state_ttl is over
  bool row_sent = false;  ///< an earlier epoch has put the order's row into the outbox
  std::uint32_t lines = 0;
  LinesHash lines_hash{};
  storage::Origin origin;        ///< the last event that changed anything
  std::uint32_t duplicates = 0;  ///< copies of its events that changed nothing
  StoredWrites writes;           ///< of its status; empty where no job keeps them
  /// When the one timer of this order fires; it never fires late, but may fire early.
  std::optional<Instant> timer;

  // Since the last close of an epoch; never persisted.
  bool row_changed = false;
  bool lines_changed = false;
  bool remembered = false;         ///< what the windows count of it stands aside
  std::uint32_t lines_stored = 0;  ///< how many lines the state holds, once lines_changed
  std::string pending_lines;       ///< the new rows of order_items_analytics, each as a text

  struct Context {
    const TimeZone& zone;
    bool with_sales = false;
  };
  /// Folds one accepted event in. False when nothing changed.
  bool apply(const orders::Event& event, const storage::Origin& origin, bool too_late,
             const Context& context);
  /// An event that was folded in as too late counts after all. False when nothing changed.
  bool count_late(const orders::Event& event, const Context& context) {
    return on_time && on_time->apply(event, context.with_sales).any;
  }

  /// What the metrics count of it.
  const OrderFold& counted() const { return on_time ? *on_time : all; }
  bool known() const { return expired || all.latest != Instant::min(); }

  /// The row of orders_processed. REQUIRES: all.has_snapshot.
  void append_row(std::string& out, orders::OrderId order_id) const;

  /// Appends the state, sealed.
  void encode(std::string& out) const;
  /// Into one that was just constructed. False when the bytes are damaged: then it is of no use.
  static bool decode(std::string_view sealed, OrderState& state);
  static std::optional<OrderState> decode(std::string_view sealed);
  /// What stays of an order that has expired.
  static std::string encode_expired();

 private:
  void take_lines(const orders::Event& event, const TimeZone& zone);
};

}  // namespace lensart::jobs
