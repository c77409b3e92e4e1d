#include "apps/jobs/order_jobs.hpp"

#include "apps/jobs/order_metrics.hpp"
#include "apps/jobs/product_sales_hourly.hpp"
#include "storage/row.hpp"

namespace lensart::jobs {

namespace {

OrderBatch& of_orders(Batch& batch) { return static_cast<OrderBatch&>(batch); }

/// How many timers may fire in one epoch, about: a leap of the clock is taken in several.
constexpr std::size_t kTimersAnEpoch = 5'000;
/// How often the lanes look for orders whose time to live is over.
constexpr std::chrono::seconds kSweepEvery{1};

}  // namespace

// ------------------------------------------------------------------------------------------------
// The picture: kafka ─► parse ─► deduplicate ─► orders ─► windows ─► close ─► commit ─► relay

Wiring OrderJobs::drawing(const OrderJobsOptions& options) {
  Wiring wiring;
  wiring.name = options.pipeline;
  const auto node = [&](std::string name, NodeKind kind, std::string note, NodeTuning tuning = {}) {
    const auto priority = options.priorities.find(name);
    if (priority != options.priorities.end()) tuning.priority = priority->second;
    wiring.nodes.push_back({std::move(name), kind, tuning, std::move(note), nullptr});
  };
  const auto lanes = [](std::size_t count) {
    NodeTuning tuning;
    tuning.lanes = count;
    return tuning;
  };
  NodeTuning parse;
  parse.concurrency = options.parse_concurrency;
  std::string order_tables = "by order id: orders_raw, orders_processed, items";
  if (options.jobs.contains("status")) order_tables += ", history, sessions, anomalies";
  std::string window_tables = "by window: ";
  if (options.jobs.contains("metrics")) window_tables += "order_metrics, order_metrics_sliding";
  if (options.jobs.contains("product_sales_hourly")) window_tables += " product_sales_hourly";
  node("source", NodeKind::kSource, "polls Kafka, cuts epochs");
  node("parse", NodeKind::kParallel, "JSON, rules, keys", parse);
  node("deduplicate", NodeKind::kLanes, "by hash of event id", lanes(options.id_lanes));
  node("orders", NodeKind::kLanes, order_tables, lanes(options.order_lanes));
  node("windows", NodeKind::kLanes, window_tables, lanes(options.window_lanes));
  node("close", NodeKind::kSerial, "dead_letters, accounts, watermark");
  node("commit", NodeKind::kExternal, "one LMDB transaction an epoch");
  node("relay", NodeKind::kExternal, "outbox to PostgreSQL");
  wiring.drawn_edges = {{"relay", "letters", "unsent dead letters"},
                        {"commit", "source", "credits"}};
  return wiring;
}

Wiring OrderJobs::wiring(OnClosed on_closed, OnBatchDone on_batch_done) {
  Wiring wiring = drawing(options_);
  wiring.nodes[1].body = [this](std::size_t, Batch& batch) { parse(of_orders(batch)); };
  wiring.nodes[2].body = [this](std::size_t lane, Batch& batch) {
    deduplicate(lane, of_orders(batch));
  };
  wiring.nodes[3].body = [this](std::size_t lane, Batch& batch) {
    fold_orders(lane, of_orders(batch));
  };
  wiring.nodes[4].body = [this](std::size_t lane, Batch& batch) {
    add_up_windows(lane, of_orders(batch));
  };
  wiring.nodes[5].body = [this, on_closed, on_batch_done](std::size_t, Batch& any) {
    OrderBatch& batch = of_orders(any);
    if (batch.marker) {
      close(batch);
      on_closed(batch.draft);
    } else {
      settle(batch);
    }
    on_batch_done(batch);
  };
  return wiring;
}

// ------------------------------------------------------------------------------------------------

OrderJobs::OrderJobs(const OrderJobsOptions& options, storage::StateStore& store,
                     storage::IdIndex& ids, const nodes::SourceDirectory& directory,
                     const Clock& clock)
    : options_(options),
      store_(store),
      ids_(ids),
      directory_(directory),
      clock_(clock),
      sinks_{options.sink_lanes},
      readers_([this] { return std::make_unique<orders::EventReader>(options_.rules); }),
      batches_(std::make_shared<nodes::FreeList<OrderBatch>>(
          [] { return std::make_unique<OrderBatch>(); })),
      watermark_(options.max_out_of_orderness),
      outbox_(options.sink_lanes) {}

Result<std::unique_ptr<OrderJobs>> OrderJobs::open(const OrderJobsOptions& options,
                                                   storage::StateStore& store,
                                                   storage::IdIndex& ids,
                                                   const nodes::SourceDirectory& directory,
                                                   const Clock& clock) {
  std::unique_ptr<OrderJobs> self(new OrderJobs(options, store, ids, directory, clock));
  LENSART_TRY(self->load());
  return self;
}

std::vector<std::unique_ptr<WindowedJob>> windowed_jobs(const OrderJobsOptions& options) {
  std::vector<std::unique_ptr<WindowedJob>> jobs;
  if (options.jobs.contains("metrics")) {
    jobs.push_back(make_hourly_metrics(*options.rules.zone));
    jobs.push_back(make_sliding_metrics(options.sliding_retention));
  }
  if (options.jobs.contains("product_sales_hourly")) {
    jobs.push_back(make_product_sales_hourly(*options.rules.zone));
  }
  return jobs;
}

Result<Unit> OrderJobs::open_windowed() {
  windowed_ = windowed_jobs(options_);
  // Windows are few and small beside the orders.
  const std::size_t cache_bytes = options_.cache_bytes / 8;
  for (const auto& job : windowed_) {
    LENSART_TRY(job->open(store_, options_.order_lanes, options_.window_lanes, cache_bytes));
  }
  for (std::size_t i = 0; i < options_.window_lanes; ++i) {
    LENSART_ASSIGN(auto txn, store_.read());
    txn.reset();
    window_shards_.push_back(std::make_unique<WindowShard>(
        WindowShard{std::move(txn), nodes::OutboxWriter(options_.sink_lanes)}));
  }
  return Unit{};
}

Result<OrderLaneContext> OrderJobs::lane_context() {
  LENSART_ASSIGN(trees_, open_order_trees(store_));
  LENSART_ASSIGN(const storage::Table timers, store_.table("timers"));
  timers_ = std::make_unique<nodes::Timers>(timers);
  OrderLaneContext context;
  context.trees = trees_;
  context.sinks = sinks_;
  context.zone = options_.rules.zone;
  context.status_rules = &options_.status_rules;
  context.timers = timers_.get();
  context.ids = &ids_;
  context.track_status = has_job("status");
  for (const auto& job : windowed_) {
    context.windowed.push_back(job.get());
    context.with_sales = context.with_sales || job->wants_sales();
  }
  context.state_ttl = options_.state_ttl;
  context.allowed_lateness = options_.allowed_lateness;
  context.cache_bytes = options_.cache_bytes / options_.order_lanes;
  context.lanes = options_.order_lanes;
  return context;
}

Result<Unit> OrderJobs::load() {
  LENSART_TRY(open_windowed());
  LENSART_ASSIGN(OrderLaneContext context, lane_context());
  const storage::ChainRecord& last = store_.chain().back();
  for (std::size_t i = 0; i < options_.id_lanes; ++i) {
    LENSART_ASSIGN(auto txn, store_.read());
    txn.reset();
    id_shards_.push_back(
        std::unique_ptr<IdShard>(new IdShard{storage::IdLane(ids_), std::move(txn)}));
  }
  for (const storage::IdHash& id : ids_.take_recent()) {
    id_shards_[storage::lane_of(id, options_.id_lanes)]->ids.restore(id);
  }
  for (std::size_t i = 0; i < options_.order_lanes; ++i) {
    LENSART_ASSIGN(auto txn, store_.read());
    txn.reset();
    context.lane = i;
    order_shards_.push_back(std::unique_ptr<OrderShard>(
        new OrderShard{OrderLane(context, last.timer_clock), std::move(txn)}));
  }
  watermark_.restore(last.watermark);
  for (const storage::SourcePosition& position : store_.positions()) {
    watermark_.restore_highest(position.source, position.highest);
  }
  return on_durable(last.number);
}

Result<Unit> OrderJobs::on_durable(EpochNumber epoch) {
  LENSART_ASSIGN(const auto txn, store_.read());
  LENSART_TRY(timers_->refresh(txn));
  durable_.store(epoch, std::memory_order_release);
  return Unit{};
}

Instant OrderJobs::limit_clock(Instant clock) const {
  const auto txn = value_or_throw(store_.read());
  return value_or_throw(timers_->at_most(txn, clock, kTimersAnEpoch));
}

std::size_t OrderJobs::cache_bytes() const {
  std::size_t bytes = 0;
  for (const auto& shard : order_shards_) {
    bytes += shard->cache_bytes.load(std::memory_order_relaxed);
  }
  return bytes;
}

std::shared_ptr<nodes::RecordBatch> OrderJobs::make_batch() const {
  return {batches_->take().release(), [batches = batches_](OrderBatch* batch) {
            batch->reset();
            batches->give_back(std::unique_ptr<OrderBatch>(batch));
          }};
}

std::shared_ptr<nodes::EpochDraft> OrderJobs::make_draft() const {
  auto draft = std::make_shared<OrderDraft>();
  draft->outputs.resize(options_.order_lanes + options_.window_lanes + 1);
  draft->handed.resize(options_.order_lanes);
  const Tick now = clock_.tick();
  draft->sweep = now >= next_sweep_;
  if (draft->sweep) next_sweep_ = now + kSweepEvery;
  return draft;
}

void OrderJobs::note_skipped(std::span<const nodes::SkippedRange> ranges) {
  for (const auto& range : ranges) accounts_.skip(range.source, range.from, range.until);
}

storage::SinkHooks OrderJobs::sink_hooks() const {
  storage::SinkHooks hooks;
  hooks.owned_rows = [this](const storage::TableSpec& child,
                            std::string_view owner_key) -> Result<std::vector<std::string>> {
    storage::ByteReader reader(owner_key);
    const storage::Cell cell = storage::read_cell(storage::ColumnType::kBigint, reader);
    std::vector<std::string> rows;
    LENSART_ASSIGN(auto txn, store_.read());
    if (child.id == kStatusHistory) {
      LENSART_ASSIGN(const auto order, txn.get(trees_.orders, storage::state_key(cell.number)));
      const auto state = OrderState::decode(order.value_or(""));
      if (!state) return fail(Errc::kStateCorrupt, std::string(nodes::kDamagedState));
      LENSART_ASSIGN(const StatusTrack track,
                     StatusTrack::load(txn, trees_.history, cell.number, state->writes));
      const StatusView view = view_of(track, true, std::nullopt, options_.status_rules);
      for (const HistoryEntry& entry : view.history) {
        rows.push_back(history_row(cell.number, entry));
      }
      return rows;
    }
    const std::string prefix = storage::key_of(static_cast<std::uint64_t>(cell.number));
    LENSART_TRY(txn.scan(trees_.lines, prefix, [&](std::string_view key, std::string_view value) {
      if (!key.starts_with(prefix)) return false;
      rows.emplace_back(storage::unseal(kLineVersion, value).value);
      return true;
    }));
    return rows;
  };
  hooks.letter_for = [this](const storage::Refusal& refusal) {
    Letter letter;
    const std::string field = std::string(refusal.table) + " " + refusal.key;
    letter.code = orders::name_of(orders::Code::kSinkRejected);
    letter.field = field;
    letter.message = refusal.message;
    const nodes::SourceInfo& info = directory_.at(refusal.origin.source);
    std::string row;
    append_letter_row(row, letter, {info.topic, info.partition, refusal.origin.offset},
                      clock_.wall());
    return std::pair{tables().find(kDeadLetters), row};
  };
  return hooks;
}

}  // namespace lensart::jobs
