/// One lane of orders: folds the events of its share of the orders for all jobs, and encodes what
/// changed.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "apps/jobs/order_rows.hpp"
#include "apps/jobs/order_state.hpp"
#include "apps/jobs/order_status_tracker.hpp"
#include "apps/jobs/tables.hpp"
#include "apps/jobs/windowed_job.hpp"
#include "nodes/epoch_draft.hpp"
#include "nodes/operators/packed_cache.hpp"
#include "nodes/operators/timers.hpp"
#include "storage/id_index.hpp"

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
  storage::Table orders = 0;   ///< order id → OrderState
  storage::Table lines = 0;    ///< (order id, number of the line) → its row, sealed
  storage::Table history = 0;  ///< (order id, instant, rank, event id) → StatusWrite
  storage::Table replays = 0;  ///< coordinates of a letter that a replay made good → event id
};

/// REQUIRES: called before the first commit.
Result<OrderTrees> open_order_trees(storage::StateStore& store);

/// What all lanes of orders share. Immutable while they run, but for `timers`.
struct OrderLaneContext {
  OrderTrees trees;
  SinkLanes sinks;
  const TimeZone* zone = nullptr;
  const orders::StatusRules* status_rules = nullptr;
  const nodes::Timers* timers = nullptr;
  const storage::IdIndex* ids = nullptr;
  bool track_status = false;                 ///< Job 2 is on
  bool with_sales = false;                   ///< a windowed job asks for them
  std::vector<WindowedJob*> windowed;        ///< Job 3 and further ones
  std::optional<Duration> state_ttl;         ///< nothing: unlimited
  std::optional<Duration> allowed_lateness;  ///< nothing: unlimited
  std::size_t cache_bytes = 0;               ///< of this lane
  std::size_t lane = 0;
  std::size_t lanes = 1;
};

/// The lane that owns an order.
std::uint32_t order_lane_of(orders::OrderId order_id, std::size_t lanes);

/// An event as the lane is given it. Views live as long as the call.
struct IncomingEvent {
  const orders::Event& event;
  Coordinates at;          ///< of orders_raw's row
  storage::Origin origin;  ///< in the source
  storage::IdHash id;
  EpochNumber epoch = 0;
  std::optional<Instant> judged_by;  ///< the watermark that lateness and expiry go by
  bool exempt = false;               ///< a replayed event is never too late
};

/// What the lane says of an event that broke no rule and is no duplicate.
enum class LaneVerdict : std::uint8_t { kAccepted, kTooLate, kExpired };

/// Threads: one at a time.
class OrderLane {
 public:
  OrderLane(const OrderLaneContext& context, std::optional<Instant> timer_clock);

  /// An event of this order comes shortly.
  void prefetch(orders::OrderId order_id) const { orders_.prefetch(order_id); }
  /// One event: the log's row now, the order's rows when the epoch closes.
  Result<LaneVerdict> on_event(const IncomingEvent& incoming, const storage::ReadTransaction& txn);
  /// An event that was accepted before and stands in orders_raw: for a state made anew. Nothing is
  /// judged, and no row of the log is written.
  Result<Unit> on_logged(const IncomingEvent& incoming, bool too_late,
                         const storage::ReadTransaction& txn);
  /// A copy of an accepted event. kExpired: what it is a copy of was refused itself, so it is too.
  Result<LaneVerdict> on_duplicate(const IncomingEvent& incoming,
                                   const storage::ReadTransaction& txn);

  // Replays of letters: `incoming.at` is where the record lay first, `through` where it came now.

  /// A refused record's event has been accepted: its coordinates are taken from now on, whatever
  /// another replay of it is edited to.
  void on_replayed(const IncomingEvent& incoming, const Coordinates& through);
  /// The event of a too-late letter, once more: it counts in the metrics from now on.
  Result<LaneVerdict> on_too_late_replayed(const IncomingEvent& incoming,
                                           const Coordinates& through,
                                           const storage::ReadTransaction& txn);

  struct Closing {
    EpochNumber epoch = 0;
    std::optional<Instant> timer_clock;
    std::optional<Instant> judged_by;
    bool sweep = false;  ///< look for orders whose time to live is over
  };
  /// Fires what is due; everything the epoch changed goes into `output`.
  Result<Unit> close_epoch(const Closing& closing, const storage::ReadTransaction& txn,
                           nodes::LaneOutput& output);
  /// What the closed epoch hands to each windowed job, in their order.
  std::vector<std::unique_ptr<HandedOver>> hand_over();

  /// Ids of expired events since the last call: free again.
  std::vector<storage::IdHash> take_freed_ids() { return std::exchange(freed_ids_, {}); }

  void shrink(EpochNumber durable);
  std::size_t cache_bytes() const { return orders_.used_bytes() + tracker_.cache_bytes(); }

 private:
  Result<Unit> fold(const IncomingEvent& incoming, OrderState& state, bool too_late,
                    const storage::ReadTransaction& txn);
  bool is_expired(const OrderState& state, std::optional<Instant> judged_by) const;
  void remember_counted(orders::OrderId order_id, OrderState& state);
  void note_replay(const IncomingEvent& incoming, bool too_late, const Coordinates& through);
  Result<Unit> fire_timers(const Closing& closing, const storage::ReadTransaction& txn,
                           storage::ChangeSet& changes);
  std::string_view close_order(orders::OrderId order_id, OrderState& state,
                               storage::ChangeSet& changes);
  void store_lines(orders::OrderId order_id, const OrderState& state, storage::ChangeSet& changes);
  void count_differences(const storage::ReadTransaction& txn);
  Result<Unit> sweep(const Closing& closing, const storage::ReadTransaction& txn,
                     storage::ChangeSet& changes);
  Result<Unit> erase_order(orders::OrderId order_id, const storage::ReadTransaction& txn,
                           storage::ChangeSet& changes);

  OrderLaneContext context_;
  nodes::PackedCache<OrderState> orders_;
  OrderStatusTracker tracker_;
  nodes::OutboxWriter outbox_;
  std::optional<Instant> timer_clock_;  ///< of the last epoch closed
  /// What the windows count of each order that this epoch has changed, as of its beginning.
  std::vector<std::pair<orders::OrderId, std::optional<CountedOrder>>> counted_before_;
  std::vector<storage::IdHash> accepted_ids_;  ///< of the epoch under way
  std::vector<storage::IdHash> freed_ids_;
  /// Of the epoch under way: letters that are made good, by their key, with their events' ids.
  std::vector<std::pair<std::string, std::string>> replayed_;
  boost::unordered_flat_set<storage::IdHash> expired_ids_;  ///< lately; for copies of them
  std::string sweep_from_;                                  ///< key in the tree of orders
};

std::string line_key(orders::OrderId order_id, std::uint32_t line);
inline constexpr std::uint8_t kLineVersion = 1;

/// REQUIRES: the topic is of a length that Kafka takes.
std::string replay_key(const Coordinates& original);
inline constexpr std::uint8_t kReplayVersion = 1;

}  // namespace lensart::jobs
