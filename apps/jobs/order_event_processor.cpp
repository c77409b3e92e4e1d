#include "apps/jobs/order_event_processor.hpp"

#include "storage/failpoint.hpp"
#include "storage/row.hpp"

namespace lensart::jobs {

namespace {

OrderBatch& of_orders(Batch& batch) { return static_cast<OrderBatch&>(batch); }

std::uint32_t order_lane_of(orders::OrderId order_id, std::size_t lanes) {
  const std::uint64_t mixed = static_cast<std::uint64_t>(order_id) * 0x9E3779B97F4A7C15ULL;
  return static_cast<std::uint32_t>((mixed >> 32) * lanes >> 32);
}

}  // namespace

// ------------------------------------------------------------------------------------------------
// The picture: kafka ─► parse ─► deduplicate ─► orders ─► close ─► commit ─► relay

Wiring OrderEventProcessor::drawing(const OrderEventProcessorOptions& options) {
  Wiring wiring;
  wiring.name = options.pipeline;
  const auto node = [&](std::string name, NodeKind kind, std::string note, NodeTuning tuning = {}) {
    const auto priority = options.priorities.find(name);
    if (priority != options.priorities.end()) tuning.priority = priority->second;
    wiring.nodes.push_back({std::move(name), kind, tuning, std::move(note), nullptr});
  };
  NodeTuning parse;
  parse.concurrency = options.parse_concurrency;
  NodeTuning ids;
  ids.lanes = options.id_lanes;
  NodeTuning lanes;
  lanes.lanes = options.order_lanes;
  node("source", NodeKind::kSource, "polls Kafka, cuts epochs");
  node("parse", NodeKind::kParallel, "JSON, rules, keys", parse);
  node("deduplicate", NodeKind::kLanes, "by hash of event id", ids);
  node("orders", NodeKind::kLanes, "by order id: orders_raw, orders_processed, items", lanes);
  node("close", NodeKind::kSerial, "dead_letters, accounts, watermark");
  node("commit", NodeKind::kExternal, "one LMDB transaction an epoch");
  node("relay", NodeKind::kExternal, "outbox to PostgreSQL");
  wiring.drawn_edges = {{"relay", "letters", "unsent dead letters"},
                        {"commit", "source", "credits"}};
  return wiring;
}

Wiring OrderEventProcessor::wiring(OnClosed on_closed, OnBatchDone on_batch_done) {
  Wiring wiring = drawing(options_);
  wiring.nodes[1].body = [this](std::size_t, Batch& batch) { parse(of_orders(batch)); };
  wiring.nodes[2].body = [this](std::size_t lane, Batch& batch) {
    deduplicate(lane, of_orders(batch));
  };
  wiring.nodes[3].body = [this](std::size_t lane, Batch& batch) {
    fold_orders(lane, of_orders(batch));
  };
  wiring.nodes[4].body = [this, on_closed, on_batch_done](std::size_t, Batch& any) {
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

OrderEventProcessor::OrderEventProcessor(const OrderEventProcessorOptions& options,
                                         storage::StateStore& store, storage::IdIndex& ids,
                                         const nodes::SourceDirectory& directory,
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

Result<std::unique_ptr<OrderEventProcessor>> OrderEventProcessor::open(
    const OrderEventProcessorOptions& options, storage::StateStore& store, storage::IdIndex& ids,
    const nodes::SourceDirectory& directory, const Clock& clock) {
  std::unique_ptr<OrderEventProcessor> self(
      new OrderEventProcessor(options, store, ids, directory, clock));
  LENSART_TRY(self->load());
  return self;
}

Result<Unit> OrderEventProcessor::load() {
  LENSART_ASSIGN(trees_.orders, store_.table("orders"));
  LENSART_ASSIGN(trees_.lines, store_.table("lines"));
  for (std::size_t i = 0; i < options_.id_lanes; ++i) {
    LENSART_ASSIGN(auto txn, store_.read());
    txn.reset();
    id_shards_.push_back(std::make_unique<IdShard>(IdShard{storage::IdLane(ids_), std::move(txn)}));
  }
  for (const storage::IdHash& id : ids_.take_recent()) {
    id_shards_[storage::lane_of(id, options_.id_lanes)]->ids.restore(id);
  }
  for (std::size_t i = 0; i < options_.order_lanes; ++i) {
    LENSART_ASSIGN(auto txn, store_.read());
    txn.reset();
    OrderLane lane(trees_, sinks_, *options_.rules.zone,
                   options_.cache_bytes / options_.order_lanes);
    order_shards_.push_back(
        std::make_unique<OrderShard>(OrderShard{std::move(lane), std::move(txn)}));
  }
  durable_ = store_.chain().back().number;
  watermark_.restore(store_.chain().back().watermark);
  for (const storage::SourcePosition& position : store_.positions()) {
    watermark_.restore_highest(position.source, position.highest);
  }
  return Unit{};
}

void OrderBatch::reset() {
  sequence = 0;
  epoch = 0;
  marker = false;
  records_count = 0;
  bytes.clear();
  records.clear();
  credit_bytes = 0;
  draft.reset();
  arena.reset();
  parsed.clear();
  events.clear();
  rejections.clear();
}

std::shared_ptr<nodes::RecordBatch> OrderEventProcessor::make_batch() const {
  return {batches_->take().release(), [batches = batches_](OrderBatch* batch) {
            batch->reset();
            batches->give_back(std::unique_ptr<OrderBatch>(batch));
          }};
}

std::shared_ptr<nodes::EpochDraft> OrderEventProcessor::make_draft() const {
  auto draft = std::make_shared<nodes::EpochDraft>();
  draft->outputs.resize(options_.id_lanes + options_.order_lanes + 1);
  return draft;
}

Coordinates OrderEventProcessor::coordinates(const nodes::RawRecord& record) const {
  const nodes::SourceInfo& info = directory_.at(record.source);
  return {info.topic, info.partition, record.offset};
}

void OrderEventProcessor::note_skipped(std::span<const nodes::SkippedRange> ranges) {
  for (const auto& range : ranges) accounts_.skip(range.source, range.from, range.until);
}

// parse: any thread, any order.
void OrderEventProcessor::parse(OrderBatch& batch) {
  LENSART_FAILPOINT("parse");
  const auto reader = readers_.lend();
  const Instant now = clock_.wall();
  batch.parsed.resize(batch.records.size());
  batch.events.reserve(batch.records.size());
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    const nodes::RawRecord& record = batch.records[i];
    ParsedRecord& parsed = batch.parsed[i];
    const orders::Topic topic = options_.topics[directory_.at(record.source).topic_index];
    orders::Event& event = batch.events.emplace_back();
    orders::Rejection rejection;
    switch (reader->read(topic, batch.payload(record), now, batch.arena, event, rejection)) {
      case orders::Outcome::kEvent:
        parsed.verdict = Verdict::kAccepted;
        parsed.index = static_cast<std::uint32_t>(batch.events.size() - 1);
        parsed.lane = order_lane_of(event.order_id, options_.order_lanes);
        parsed.id = storage::hash_id(event.event_id, store_.hash_seed());
        continue;
      case orders::Outcome::kIgnored:
        parsed.verdict = Verdict::kIgnored;
        break;
      case orders::Outcome::kRejected:
        parsed.verdict = Verdict::kDeadLettered;
        parsed.index = static_cast<std::uint32_t>(batch.rejections.size());
        batch.rejections.push_back(std::move(rejection));
        break;
    }
    batch.events.pop_back();
  }
}

// deduplicate: within a partition the lowest offset counts, as batches come in source order.
void OrderEventProcessor::deduplicate(std::size_t lane, OrderBatch& batch) {
  IdShard& shard = *id_shards_[lane];
  if (batch.marker) {
    nodes::EpochDraft& draft = *batch.draft;
    ids_.log(draft.outputs[lane].changes, batch.epoch, lane, shard.ids.take_new());
    if (draft.freeze_ids) shard.ids.freeze(batch.epoch);
    return;
  }
  shard.ids.refresh();  // before the view is renewed: it must hold every segment that is named
  value_or_throw(shard.txn.renew());
  for (ParsedRecord& parsed : batch.parsed) {
    // The lane first: the verdicts of the other lanes' records are being written right now.
    if (storage::lane_of(parsed.id, options_.id_lanes) != lane) continue;
    if (parsed.verdict != Verdict::kAccepted) continue;
    if (!value_or_throw(shard.ids.insert(shard.txn, parsed.id)))
      parsed.verdict = Verdict::kDuplicate;
  }
  shard.txn.reset();
}

// orders: each lane sees every batch and takes the orders that are its own.
void OrderEventProcessor::fold_orders(std::size_t lane, OrderBatch& batch) {
  OrderShard& shard = *order_shards_[lane];
  if (batch.marker) {
    shard.orders.close_epoch(batch.draft->outputs[options_.id_lanes + lane]);
    return;
  }
  shard.orders.shrink(durable_.load(std::memory_order_acquire));
  value_or_throw(shard.txn.renew());
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    const ParsedRecord& parsed = batch.parsed[i];
    if (parsed.verdict != Verdict::kAccepted || parsed.lane != lane) continue;
    const nodes::RawRecord& record = batch.records[i];
    value_or_throw(shard.orders.on_event(batch.events[parsed.index], batch.payload(record),
                                         coordinates(record), {record.source, record.offset},
                                         parsed.id.low, batch.epoch, shard.txn));
  }
  shard.txn.reset();
}

// close: every record has its verdict now.
void OrderEventProcessor::settle(OrderBatch& batch) {
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    const nodes::RawRecord& record = batch.records[i];
    const ParsedRecord& parsed = batch.parsed[i];
    accounts_.add(record.source, parsed.verdict, record.offset);
    const std::uint32_t topic = directory_.at(record.source).topic_index;
    counters_.by_topic[topic][static_cast<std::size_t>(parsed.verdict)].fetch_add(
        1, std::memory_order_relaxed);
    if (parsed.verdict == Verdict::kAccepted) {
      watermark_.observe(record.source, batch.events[parsed.index].timestamp);
    } else if (parsed.verdict == Verdict::kDeadLettered) {
      write_letter(batch, record, batch.rejections[parsed.index]);
    }
  }
}

void OrderEventProcessor::write_letter(const OrderBatch& batch, const nodes::RawRecord& record,
                                       const orders::Rejection& rejection) {
  Letter letter;
  letter.code = orders::name_of(rejection.violation.code);
  letter.field = rejection.violation.field;
  letter.message = rejection.violation.message;
  if (rejection.event_id) letter.event_id = *rejection.event_id;
  letter.order_id = rejection.order_id;
  if (!record.null) letter.payload = batch.payload(record);
  storage::ChunkBuilder& rest = outbox_.lane(sinks_.rest());
  append_letter_row(
      rest.begin(kDeadLetters, storage::EntryKind::kOnce, {record.source, record.offset}), letter,
      coordinates(record), clock_.wall());
  rest.end();
  counters_.letters[static_cast<std::size_t>(rejection.violation.code)].fetch_add(
      1, std::memory_order_relaxed);
}

void OrderEventProcessor::close(OrderBatch& marker) {
  nodes::EpochDraft& draft = *marker.draft;
  for (std::size_t source = 0; source < draft.idle.size(); ++source) {
    watermark_.set_idle(source, draft.idle[source]);
    draft.positions[source].highest = watermark_.highest(source);
  }
  draft.watermark = watermark_.advance();
  draft.timer_clock = draft.watermark;
  if (draft.watermark) {
    counters_.watermark_micros.store(draft.watermark->time_since_epoch().count(),
                                     std::memory_order_relaxed);
  }
  accounts_.close_epoch(outbox_.lane(sinks_.rest()), options_.pipeline, directory_, draft.cut_at);
  outbox_.flush_into(draft.outputs.back());
}

storage::SinkHooks OrderEventProcessor::sink_hooks() const {
  storage::SinkHooks hooks;
  hooks.owned_rows = [this](const storage::TableSpec&,
                            std::string_view owner_key) -> Result<std::vector<std::string>> {
    storage::ByteReader reader(owner_key);
    const storage::Cell cell = storage::read_cell(storage::ColumnType::kBigint, reader);
    std::vector<std::string> rows;
    LENSART_ASSIGN(auto txn, store_.read());
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
