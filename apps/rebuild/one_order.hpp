/// One order made anew from orders_raw: its state, and its rows in every derived table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "apps/config/config.hpp"
#include "apps/jobs/order_lane.hpp"
#include "apps/jobs/windowed_job.hpp"
#include "apps/orders/status_rules.hpp"
#include "graph/error.hpp"
#include "graph/time_zone.hpp"
#include "storage/postgres/connection.hpp"
#include "storage/state_store.hpp"

namespace lensart::app {

/// What was made of one order.
struct OrderRebuilt {
  std::uint64_t events = 0;  ///< of orders_raw
  std::uint64_t rows = 0;    ///< sent to the tables
  std::uint64_t gone = 0;    ///< that the tables had and orders_raw knows nothing of
};

/// Threads: one. Lifetime: the store outlives it.
class OrderRebuilder {
 public:
  /// Opens the trees. REQUIRES: nothing else reads the store yet.
  static Result<std::unique_ptr<OrderRebuilder>> open(const Config& config,
                                                      storage::StateStore& store);

  /// The epoch that puts the order right: its state, the rows that it must have, the removal of
  /// those it must not have, and its share of the windows, by what the state held of it. Of an
  /// order that has expired only the rows. Nothing where neither the log, the state nor a table
  /// knows the order. Fails with kStateCorrupt when the state's value of it is damaged.
  Result<std::optional<storage::EpochCommit>> build(storage::Connection& connection,
                                                    orders::OrderId order_id,
                                                    OrderRebuilt& rebuilt);

 private:
  /// The order as orders_raw has it.
  struct Fresh {
    jobs::OrderState state;
    jobs::StatusTrack track;
    std::uint64_t events = 0;
  };
  struct Rows;

  OrderRebuilder(const Config& config, storage::StateStore& store, TimeZone zone);
  Result<Fresh> fold(storage::Connection& connection, orders::OrderId order_id) const;
  Result<Unit> add_rows(storage::Connection& connection, orders::OrderId order_id,
                        const Fresh& fresh, Rows& rows) const;
  Result<Unit> add_state(const storage::ReadTransaction& txn, orders::OrderId order_id,
                         const jobs::OrderState& old, Fresh& fresh, storage::ChangeSet& changes);
  Result<Unit> add_windows(const storage::ReadTransaction& txn, const jobs::OrderState& old,
                           const Fresh& fresh, EpochNumber epoch, storage::ChangeSet& changes,
                           storage::ChunkBuilder& rows);

  const Config& config_;
  storage::StateStore& store_;
  TimeZone zone_;
  orders::StatusRules rules_;
  jobs::OrderTrees trees_;
  std::unique_ptr<nodes::Timers> timers_;
  std::vector<std::unique_ptr<jobs::WindowedJob>> windowed_;
  bool track_status_ = false;
  bool with_sales_ = false;
};

}  // namespace lensart::app
