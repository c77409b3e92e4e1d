/// Job 2, OrderStatusTracker, on one lane of orders: history, sessions and anomalies, with a timer
/// for each order that may become stuck (docs/contract.md §3).
///
///   keys     order id
///   windows  sessions, gap `session_gap`
///   timers   24 h (`stuck_after`) after an order's last change, on the timer clock
///   tables   order_status_history, order_status_sessions, order_anomalies
#pragma once

#include <functional>
#include <optional>

#include "apps/jobs/order_state.hpp"
#include "apps/jobs/status_track.hpp"
#include "nodes/operators/keyed_cache.hpp"
#include "nodes/operators/timers.hpp"
#include "storage/outbox_format.hpp"

namespace lensart::jobs {

/// Rows of Job 2's tables, encoded as the outbox has them.
std::string history_row(orders::OrderId order_id, const HistoryEntry& entry);
std::string session_row(orders::OrderId order_id, const StatusSession& session);
std::string anomaly_row(orders::OrderId order_id, const AnomalyEntry& anomaly);

/// Threads: one at a time.
class OrderStatusTracker {
 public:
  /// Finds the state of an order and, when `change` says so, marks it as changed in the epoch.
  using FindOrder = std::function<Result<OrderState*>(orders::OrderId)>;
  using MarkOrder = std::function<void(orders::OrderId)>;

  OrderStatusTracker(storage::Table writes, const nodes::Timers& timers,
                     const orders::StatusRules& rules, std::size_t cache_bytes)
      : table_(writes), timers_(timers), rules_(rules), tracks_(writes, cache_bytes) {}

  /// One accepted event of the order that `stored` belongs to.
  Result<Unit> on_event(const orders::Event& event, const storage::Origin& origin,
                        EpochNumber epoch, const StoredWrites& stored,
                        const storage::ReadTransaction& txn);
  /// A timer of this lane has fired: the order is judged anew when the epoch closes.
  Result<Unit> on_timer(orders::OrderId order_id, EpochNumber epoch, const StoredWrites& stored,
                        const storage::ReadTransaction& txn);

  struct Closing {
    std::optional<Instant> clock_before;  ///< the timer clock of the epoch before
    std::optional<Instant> clock;         ///< of the one that closes
    FindOrder find_order;
    MarkOrder mark_order;
  };
  /// What the epoch changed: rows into `outbox`, state into `changes`.
  Result<Unit> close_epoch(const Closing& closing, storage::ChangeSet& changes,
                           storage::ChunkBuilder& outbox);

  /// The order has left the state. REQUIRES: the epoch under way has not changed it.
  void forget(orders::OrderId order_id) { tracks_.forget(order_id); }
  void shrink(EpochNumber durable) { tracks_.shrink(durable); }
  std::size_t cache_bytes() const { return tracks_.used_bytes(); }

 private:
  Result<StatusTrack*> find(orders::OrderId order_id, const StoredWrites& stored,
                            const storage::ReadTransaction& txn);
  Result<Unit> close_order(orders::OrderId order_id, StatusTrack& track, const Closing& closing,
                           storage::ChangeSet& changes, storage::ChunkBuilder& outbox);
  void set_timer(orders::OrderId order_id, OrderState& state, std::optional<Instant> stuck_at,
                 storage::ChangeSet& changes);

  storage::Table table_;
  const nodes::Timers& timers_;
  const orders::StatusRules& rules_;
  nodes::KeyedCache<StatusTrack> tracks_;
  StatusView before_, after_;  ///< of the order that is being closed
};

}  // namespace lensart::jobs
