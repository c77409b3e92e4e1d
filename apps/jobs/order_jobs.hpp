/// All jobs on one graph: each event is read and parsed once, and feeds every job
/// (docs/contract.md §2, §3).
///
/// Job 1, OrderEventProcessor, is always on: orders_raw, orders_processed, order_items_analytics,
/// dead letters and accounts. Job 2 (order_status_tracker.hpp), Job 3 (order_metrics.hpp) and the
/// fifth (product_sales_hourly.hpp) are switched on by `pipeline.jobs`. Job 4, ProductAnalytics, is
/// order_items_analytics and the views on it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "apps/jobs/accounts.hpp"
#include "apps/jobs/order_lane.hpp"
#include "apps/orders/event_reader.hpp"
#include "apps/orders/replay_envelope.hpp"
#include "graph/arena.hpp"
#include "graph/flow.hpp"
#include "graph/watermark.hpp"
#include "nodes/free_list.hpp"
#include "nodes/source/kafka_source.hpp"
#include "storage/id_index.hpp"
#include "storage/postgres/lane_writer.hpp"

namespace lensart::jobs {

/// What the nodes know of a record, besides its bytes.
struct ParsedRecord {
  Verdict verdict = Verdict::kAccepted;
  /// What the lane of orders said; kAccepted for records it never saw.
  LaneVerdict lane_verdict = LaneVerdict::kAccepted;
  std::uint32_t index = 0;  ///< of its event, or of its rejection
  std::uint32_t lane = 0;   ///< of orders; accepted ones and duplicates only
  bool unknown = false;     ///< a status or payment method that the maps lack
  storage::IdHash id;
};

/// The replay of a letter, in a batch.
struct Replay {
  std::uint32_t record = 0;         ///< its place there
  orders::OriginalRecord original;  ///< points into the batch's bytes
  bool is_event = false;            ///< it breaks no rule
};

struct OrderBatch final : nodes::RecordBatch {
  Arena arena;
  std::vector<ParsedRecord> parsed;
  std::vector<orders::Event> events;
  std::vector<orders::Rejection> rejections;
  std::vector<Replay> replays;  ///< in the order of their records; nearly always none

  /// As new, but for the memory, which is used again: fresh pages cost more than what is done in
  /// them.
  void reset();
  /// Null where the record is no replay of a letter.
  const Replay* replay_of(std::size_t record) const;
};

/// An epoch, with what the lanes of orders hand to the windows: [lane][job].
struct OrderDraft final : nodes::EpochDraft {
  std::vector<std::vector<std::unique_ptr<HandedOver>>> handed;
  bool sweep = false;
};

struct OrderJobsOptions {
  std::string pipeline = "lensart";
  std::set<std::string, std::less<>> jobs = {"orders"};
  orders::Rules rules;                ///< `zone` must outlive the jobs
  orders::StatusRules status_rules;   ///< maps, ranks, gaps
  std::vector<orders::Topic> topics;  ///< what each of the source's topics carries, by its index
  std::size_t sink_lanes = 1;
  std::size_t id_lanes = 2;
  std::size_t order_lanes = 2;
  std::size_t window_lanes = 1;
  std::size_t parse_concurrency = 0;  ///< 0: as many as the pool has threads
  /// By node, as the drawing names them; what is not named has none. Higher goes first.
  std::map<std::string, unsigned, std::less<>> priorities;
  std::size_t cache_bytes = 32 << 20;  ///< of all lanes together
  Duration max_out_of_orderness = std::chrono::minutes(5);
  std::optional<Duration> allowed_lateness = std::chrono::hours(1);  ///< nothing: unlimited
  std::optional<Duration> state_ttl = std::chrono::hours(24 * 400);  ///< nothing: unlimited
  Duration sliding_retention = std::chrono::hours(24 * 400);
};

/// The windowed jobs that `options.jobs` switches on.
std::vector<std::unique_ptr<WindowedJob>> windowed_jobs(const OrderJobsOptions& options);

/// What the closing node counted, for /metrics. Threads: read by any.
struct JobCounters {
  std::array<std::array<std::atomic<std::uint64_t>, 4>, 8> by_topic{};  ///< [topic][verdict]
  std::array<std::atomic<std::uint64_t>, 16> letters{};                 ///< [code]
  std::atomic<std::uint64_t> unknown_statuses{0};  ///< events with a status or method not mapped
  std::atomic<std::int64_t> watermark_micros{INT64_MIN};
  std::atomic<std::int64_t> timer_clock_micros{INT64_MIN};
};

/// Threads: each body as the flow calls it; `wiring` once.
class OrderJobs {
 public:
  using OnClosed = std::function<void(std::shared_ptr<nodes::EpochDraft>)>;
  using OnBatchDone = std::function<void(const OrderBatch&)>;

  static Result<std::unique_ptr<OrderJobs>> open(const OrderJobsOptions& options,
                                                 storage::StateStore& store, storage::IdIndex& ids,
                                                 const nodes::SourceDirectory& directory,
                                                 const Clock& clock);

  /// The picture. `on_closed` takes each epoch when every lane has passed its marker.
  Wiring wiring(OnClosed on_closed, OnBatchDone on_batch_done);
  /// The picture alone, for `lensart graph`.
  static Wiring drawing(const OrderJobsOptions& options);

  std::shared_ptr<nodes::RecordBatch> make_batch() const;
  std::shared_ptr<nodes::EpochDraft> make_draft() const;
  storage::SinkHooks sink_hooks() const;

  /// An epoch is durable: caches may forget what it changed, and timers may be looked at. Any
  /// thread.
  Result<Unit> on_durable(EpochNumber epoch);
  /// Before the first batch: offsets the operator gave up.
  void note_skipped(std::span<const nodes::SkippedRange> ranges);
  const JobCounters& counters() const { return counters_; }
  /// Orders and histories in memory, as of the last epoch closed. Any thread.
  std::size_t cache_bytes() const;

  /// Whether a source is the replay topic: its events are never too late and move no watermark.
  bool is_replay(std::uint32_t source) const {
    return options_.topics[directory_.at(source).topic_index] == orders::Topic::kReplay;
  }

  // What the pump asks about timers. Its thread.
  bool any_timer_due(Instant clock) const { return timers_->any_due(clock); }
  Instant limit_clock(Instant clock) const;

 private:
  struct IdShard {
    storage::IdLane ids;
    storage::ReadTransaction txn;
    /// Letters that replays want to make good, by their key, until the replay's epoch is durable.
    /// Each lane has all of them: which lane a replay belongs to is its event's id's to say.
    boost::unordered_flat_map<std::string, EpochNumber> claims{};
    std::mutex freed_mutex{};
    std::vector<storage::IdHash> freed{};  ///< by the lanes of orders; guarded by freed_mutex
    std::atomic<bool> any_freed{false};
  };
  struct OrderShard {
    OrderLane orders;
    storage::ReadTransaction txn;
    std::atomic<std::size_t> cache_bytes{0};  ///< for others to read; once an epoch
  };
  struct WindowShard {
    storage::ReadTransaction txn;
    nodes::OutboxWriter outbox;
  };

  OrderJobs(const OrderJobsOptions& options, storage::StateStore& store, storage::IdIndex& ids,
            const nodes::SourceDirectory& directory, const Clock& clock);
  Result<Unit> load();
  Result<Unit> open_windowed();
  Result<OrderLaneContext> lane_context();

  // The nodes' bodies.
  void parse(OrderBatch& batch);
  void deduplicate(std::size_t lane, OrderBatch& batch);
  void fold_orders(std::size_t lane, OrderBatch& batch);
  void close_orders(std::size_t lane, OrderBatch& marker);
  void add_up_windows(std::size_t lane, OrderBatch& batch);
  void settle(OrderBatch& batch);
  void close(OrderBatch& marker);

  void parse_one(orders::EventReader& reader, OrderBatch& batch, std::size_t index, Instant now);
  void claim_replays(IdShard& shard, std::size_t lane, OrderBatch& batch, EpochNumber durable);
  void judge(OrderShard& shard, OrderBatch& batch, std::size_t index);
  void judge_replay(OrderShard& shard, OrderBatch& batch, const Replay& replay);
  void free_ids(OrderShard& shard);
  void settle_accepted(const OrderBatch& batch, std::size_t index);
  void write_letter(const OrderBatch& batch, std::size_t index, const orders::Rejection& rejection);
  Coordinates coordinates(const nodes::RawRecord& record) const;
  bool has_job(std::string_view name) const { return options_.jobs.contains(name); }

  OrderJobsOptions options_;
  storage::StateStore& store_;
  storage::IdIndex& ids_;
  const nodes::SourceDirectory& directory_;
  const Clock& clock_;
  SinkLanes sinks_;
  OrderTrees trees_;
  std::unique_ptr<nodes::Timers> timers_;
  nodes::FreeList<orders::EventReader> readers_;
  std::shared_ptr<nodes::FreeList<OrderBatch>> batches_;  ///< outlives the batches it lends
  std::vector<std::unique_ptr<WindowedJob>> windowed_;
  std::vector<std::unique_ptr<IdShard>> id_shards_;
  std::vector<std::unique_ptr<OrderShard>> order_shards_;
  std::vector<std::unique_ptr<WindowShard>> window_shards_;
  std::atomic<EpochNumber> durable_{0};
  mutable Tick next_sweep_{};  ///< the pump's thread
  // The closing node's.
  Accounts accounts_;
  DataWatermark watermark_;
  nodes::OutboxWriter outbox_;
  JobCounters counters_;
};

}  // namespace lensart::jobs
