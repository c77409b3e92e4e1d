/// Job 1, OrderEventProcessor: the four topics into orders_raw, orders_processed and
/// order_items_analytics, with dead letters and accounts (docs/contract.md §2, §3).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/jobs/accounts.hpp"
#include "apps/jobs/order_lane.hpp"
#include "apps/orders/event_reader.hpp"
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
  std::uint32_t index = 0;  ///< of its event, or of its rejection
  std::uint32_t lane = 0;   ///< of orders; accepted ones only
  storage::IdHash id;
};

struct OrderBatch final : nodes::RecordBatch {
  Arena arena;
  std::vector<ParsedRecord> parsed;
  std::vector<orders::Event> events;
  std::vector<orders::Rejection> rejections;

  /// As new, but for the memory, which is used again: fresh pages cost more than what is done in
  /// them.
  void reset();
};

struct OrderEventProcessorOptions {
  std::string pipeline = "lensart";
  orders::Rules rules;                ///< `zone` must outlive the job
  std::vector<orders::Topic> topics;  ///< what each of the source's topics carries, by its index
  std::size_t sink_lanes = 1;
  std::size_t id_lanes = 2;
  std::size_t order_lanes = 2;
  std::size_t parse_concurrency = 0;  ///< 0: as many as the pool has threads
  /// By node, as the drawing names them; what is not named has none. Higher goes first.
  std::map<std::string, unsigned, std::less<>> priorities;
  std::size_t cache_bytes = 64 << 20;  ///< of all order lanes together
  std::chrono::microseconds max_out_of_orderness = std::chrono::minutes(5);
};

/// What the closing node counted, for /metrics. Threads: read by any.
struct JobCounters {
  std::array<std::array<std::atomic<std::uint64_t>, 4>, 8> by_topic{};  ///< [topic][verdict]
  std::array<std::atomic<std::uint64_t>, 16> letters{};                 ///< [code]
  std::atomic<std::int64_t> watermark_micros{INT64_MIN};
};

/// Threads: each body as the flow calls it; `wiring` once.
class OrderEventProcessor {
 public:
  using OnClosed = std::function<void(std::shared_ptr<nodes::EpochDraft>)>;
  using OnBatchDone = std::function<void(const OrderBatch&)>;

  static Result<std::unique_ptr<OrderEventProcessor>> open(
      const OrderEventProcessorOptions& options, storage::StateStore& store, storage::IdIndex& ids,
      const nodes::SourceDirectory& directory, const Clock& clock);

  /// The picture. `on_closed` takes each epoch when every lane has passed its marker.
  Wiring wiring(OnClosed on_closed, OnBatchDone on_batch_done);
  /// The picture alone, for `lensart graph`.
  static Wiring drawing(const OrderEventProcessorOptions& options);

  std::shared_ptr<nodes::RecordBatch> make_batch() const;
  std::shared_ptr<nodes::EpochDraft> make_draft() const;
  storage::SinkHooks sink_hooks() const;

  /// An epoch is durable: caches may forget what it changed. Any thread.
  void on_durable(EpochNumber epoch) { durable_.store(epoch, std::memory_order_release); }
  /// Before the first batch: offsets the operator gave up.
  void note_skipped(std::span<const nodes::SkippedRange> ranges);
  const JobCounters& counters() const { return counters_; }

 private:
  struct IdShard {
    storage::IdLane ids;
    storage::ReadTransaction txn;
  };
  struct OrderShard {
    OrderLane orders;
    storage::ReadTransaction txn;
  };

  OrderEventProcessor(const OrderEventProcessorOptions& options, storage::StateStore& store,
                      storage::IdIndex& ids, const nodes::SourceDirectory& directory,
                      const Clock& clock);
  Result<Unit> load();

  // The nodes' bodies.
  void parse(OrderBatch& batch);
  void deduplicate(std::size_t lane, OrderBatch& batch);
  void fold_orders(std::size_t lane, OrderBatch& batch);
  void settle(OrderBatch& batch);
  void close(OrderBatch& marker);

  void write_letter(const OrderBatch& batch, const nodes::RawRecord& record,
                    const orders::Rejection& rejection);
  Coordinates coordinates(const nodes::RawRecord& record) const;

  OrderEventProcessorOptions options_;
  storage::StateStore& store_;
  storage::IdIndex& ids_;
  const nodes::SourceDirectory& directory_;
  const Clock& clock_;
  SinkLanes sinks_;
  OrderTrees trees_;
  nodes::FreeList<orders::EventReader> readers_;
  std::shared_ptr<nodes::FreeList<OrderBatch>> batches_;  ///< outlives the batches it lends
  std::vector<std::unique_ptr<IdShard>> id_shards_;
  std::vector<std::unique_ptr<OrderShard>> order_shards_;
  std::atomic<EpochNumber> durable_{0};
  // The closing node's.
  Accounts accounts_;
  DataWatermark watermark_;
  nodes::OutboxWriter outbox_;
  JobCounters counters_;
};

}  // namespace lensart::jobs
