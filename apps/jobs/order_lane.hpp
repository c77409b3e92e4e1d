/// One lane of orders: folds the events of its share of the orders, and encodes what changed.
#pragma once

#include <vector>

#include "apps/jobs/order_rows.hpp"
#include "apps/jobs/order_state.hpp"
#include "apps/jobs/tables.hpp"
#include "nodes/epoch_draft.hpp"
#include "nodes/operators/keyed_cache.hpp"

namespace lensart::jobs {

/// Where rows go among the sink lanes: fixed functions of their keys.
struct SinkLanes {
  std::size_t count = 1;
  /// Tables linked by foreign keys share the rest lane, the accounts live in it too.
  std::size_t rest() const { return 0; }
  /// Rows of orders_raw are spread by their id's hash over the others, if there are any.
  std::size_t raw(std::uint64_t id_hash) const {
    return count == 1 ? 0 : 1 + id_hash % (count - 1);
  }
};

/// The trees of an order's state.
struct OrderTrees {
  storage::Table orders = 0;  ///< order id → OrderState
  storage::Table lines = 0;   ///< (order id, number of the line) → its row, sealed
};

/// Threads: one at a time.
class OrderLane {
 public:
  OrderLane(const OrderTrees& trees, const SinkLanes& sinks, const TimeZone& zone,
            std::size_t cache_bytes);

  /// One accepted event: the log's row now, the order's rows when the epoch closes.
  Result<Unit> on_event(const orders::Event& event, std::string_view payload, const Coordinates& at,
                        const storage::Origin& origin, std::uint64_t id_hash, EpochNumber epoch,
                        const storage::ReadTransaction& txn);
  /// Everything the epoch changed goes into `output`.
  void close_epoch(nodes::LaneOutput& output);
  void shrink(EpochNumber durable) { orders_.shrink(durable); }
  std::size_t cache_bytes() const { return orders_.used_bytes(); }

 private:
  void close_order(orders::OrderId order_id, OrderState& state, storage::ChangeSet& changes);
  void store_lines(orders::OrderId order_id, const OrderState& state, storage::ChangeSet& changes);

  OrderTrees trees_;
  SinkLanes sinks_;
  const TimeZone& zone_;
  nodes::KeyedCache<OrderState> orders_;
  nodes::OutboxWriter outbox_;
};

std::string line_key(orders::OrderId order_id, std::uint32_t line);
inline constexpr std::uint8_t kLineVersion = 1;

}  // namespace lensart::jobs
