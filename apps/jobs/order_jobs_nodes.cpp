// The bodies of the nodes, in the order of the picture (order_jobs.cpp).

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "apps/jobs/order_jobs.hpp"
#include "storage/failpoint.hpp"

namespace lensart::jobs {

void OrderBatch::reset() {
  sequence = 0;
  epoch = 0;
  marker = false;
  records_count = 0;
  bytes.clear();
  records.clear();
  judged_by.reset();
  credit_bytes = 0;
  draft.reset();
  arena.reset();
  parsed.clear();
  events.clear();
  rejections.clear();
  replays.clear();
}

const Replay* OrderBatch::replay_of(std::size_t record) const {
  const auto found =
      std::lower_bound(replays.begin(), replays.end(), record,
                       [](const Replay& one, std::size_t place) { return one.record < place; });
  return found != replays.end() && found->record == record ? &*found : nullptr;
}

Coordinates OrderJobs::coordinates(const nodes::RawRecord& record) const {
  const nodes::SourceInfo& info = directory_.at(record.source);
  return {info.topic, info.partition, record.offset};
}

// parse: any thread, any order.
void OrderJobs::parse(OrderBatch& batch) {
  LENSART_FAILPOINT("parse");
  const auto reader = readers_.lend();
  const Instant now = clock_.wall();
  batch.parsed.resize(batch.records.size());
  batch.events.reserve(batch.records.size());
  for (std::size_t i = 0; i < batch.records.size(); ++i) parse_one(*reader, batch, i, now);
  for (Replay& replay : batch.replays) {
    replay.is_event = batch.parsed[replay.record].verdict == Verdict::kAccepted;
  }
}

namespace {

orders::Rejection no_envelope() {
  orders::Rejection rejection;
  rejection.violation = {orders::Code::kBadJson, "",
                         "the message has no envelope of this program's; only `lensart import` and "
                         "`lensart dlq replay` write into the replay topic"};
  return rejection;
}

}  // namespace

void OrderJobs::parse_one(orders::EventReader& reader, OrderBatch& batch, std::size_t index,
                          Instant now) {
  const nodes::RawRecord& record = batch.records[index];
  ParsedRecord& parsed = batch.parsed[index];
  std::string_view payload = batch.payload(record);
  orders::Topic topic = options_.topics[directory_.at(record.source).topic_index];
  const auto reject = [&](orders::Rejection rejection) {
    parsed.verdict = Verdict::kDeadLettered;
    parsed.index = static_cast<std::uint32_t>(batch.rejections.size());
    batch.rejections.push_back(std::move(rejection));
  };
  if (topic == orders::Topic::kReplay) {
    const auto opened = orders::open_replay(payload);
    if (!opened) return reject(no_envelope());
    topic = opened->topic;
    payload = opened->payload;
    if (opened->original) {
      batch.replays.push_back({static_cast<std::uint32_t>(index), *opened->original});
    }
  }
  orders::Event& event = batch.events.emplace_back();
  orders::Rejection rejection;
  switch (reader.read(topic, payload, now, batch.arena, event, rejection)) {
    case orders::Outcome::kEvent:
      parsed.verdict = Verdict::kAccepted;
      parsed.index = static_cast<std::uint32_t>(batch.events.size() - 1);
      parsed.lane = order_lane_of(event.order_id, options_.order_lanes);
      parsed.id = storage::hash_id(event.event_id, store_.hash_seed());
      return;
    case orders::Outcome::kIgnored:
      parsed.verdict = Verdict::kIgnored;
      break;
    case orders::Outcome::kRejected:
      reject(std::move(rejection));
      break;
  }
  batch.events.pop_back();
}

// deduplicate: within a partition the lowest offset counts, as batches come in source order.
void OrderJobs::deduplicate(std::size_t lane, OrderBatch& batch) {
  IdShard& shard = *id_shards_[lane];
  if (shard.any_freed.exchange(false, std::memory_order_acq_rel)) {
    std::vector<storage::IdHash> freed;
    {
      const std::lock_guard lock(shard.freed_mutex);
      freed.swap(shard.freed);
    }
    for (const storage::IdHash& id : freed) shard.ids.forget(id);
  }
  if (batch.marker) {
    if (batch.draft->freeze_ids) shard.ids.freeze(batch.epoch);
    return;
  }
  // Before the view is renewed: it must hold every segment that is named, and what is durable.
  shard.ids.refresh();
  const EpochNumber durable = durable_.load(std::memory_order_acquire);
  value_or_throw(shard.txn.renew());
  if (!batch.replays.empty()) claim_replays(shard, lane, batch, durable);
  for (ParsedRecord& parsed : batch.parsed) {
    // The lane first: the verdicts of the other lanes' records are being written right now.
    if (storage::lane_of(parsed.id, options_.id_lanes) != lane) continue;
    if (parsed.verdict != Verdict::kAccepted) continue;
    if (!value_or_throw(shard.ids.insert(shard.txn, parsed.id)))
      parsed.verdict = Verdict::kDuplicate;
  }
  shard.txn.reset();
}

/// A letter is made good once, whatever its replays are edited to. Every lane sees every claim, in
/// the order of the records; what became of one shows in the view as soon as it is durable.
void OrderJobs::claim_replays(IdShard& shard, std::size_t lane, OrderBatch& batch,
                              EpochNumber durable) {
  boost::unordered::erase_if(shard.claims,
                             [&](const auto& claim) { return claim.second <= durable; });
  for (const Replay& replay : batch.replays) {
    if (!replay.is_event) continue;
    const orders::OriginalRecord& original = replay.original;
    const std::string key = replay_key({original.topic, original.partition, original.offset});
    const bool taken = !shard.claims.emplace(key, batch.epoch).second ||
                       value_or_throw(shard.txn.get(trees_.replays, key)).has_value();
    ParsedRecord& parsed = batch.parsed[replay.record];
    if (taken && storage::lane_of(parsed.id, options_.id_lanes) == lane) {
      parsed.verdict = Verdict::kDuplicate;
    }
  }
}

/// An event that was refused leaves its id free.
void OrderJobs::free_ids(OrderShard& shard) {
  for (const storage::IdHash& id : shard.orders.take_freed_ids()) {
    IdShard& ids = *id_shards_[storage::lane_of(id, options_.id_lanes)];
    const std::lock_guard lock(ids.freed_mutex);
    ids.freed.push_back(id);
    ids.any_freed.store(true, std::memory_order_release);
  }
}

namespace {

/// A status or payment method that the maps lack.
bool has_unknown(const orders::Event& event, const orders::StatusRules& rules) {
  const auto status = status_written(event);
  return (status && !rules.knows_status(*status)) ||
         (event.has_snapshot && event.snapshot.payment_method &&
          !rules.knows_payment(*event.snapshot.payment_method));
}

}  // namespace

void OrderJobs::judge(OrderShard& shard, OrderBatch& batch, std::size_t index) {
  ParsedRecord& parsed = batch.parsed[index];
  const nodes::RawRecord& record = batch.records[index];
  const orders::Event& event = batch.events[parsed.index];
  const IncomingEvent incoming{
      event,       coordinates(record), {record.source, record.offset}, parsed.id,
      batch.epoch, batch.judged_by,     is_replay(record.source)};
  if (parsed.verdict == Verdict::kDuplicate) {
    parsed.lane_verdict = value_or_throw(shard.orders.on_duplicate(incoming, shard.txn));
    return;
  }
  parsed.lane_verdict = value_or_throw(shard.orders.on_event(incoming, shard.txn));
  parsed.unknown = has_unknown(event, options_.status_rules);
}

void OrderJobs::judge_replay(OrderShard& shard, OrderBatch& batch, const Replay& replay) {
  ParsedRecord& parsed = batch.parsed[replay.record];
  const nodes::RawRecord& record = batch.records[replay.record];
  const orders::OriginalRecord& original = replay.original;
  const IncomingEvent incoming{batch.events[parsed.index],
                               {original.topic, original.partition, original.offset},
                               {record.source, record.offset},
                               parsed.id,
                               batch.epoch,
                               batch.judged_by,
                               true};
  if (parsed.verdict == Verdict::kAccepted) {
    parsed.lane_verdict = value_or_throw(shard.orders.on_event(incoming, shard.txn));
    parsed.unknown = has_unknown(incoming.event, options_.status_rules);
    if (parsed.lane_verdict == LaneVerdict::kAccepted) {
      shard.orders.on_replayed(incoming, coordinates(record));
    }
  } else if (original.too_late) {
    parsed.lane_verdict =
        value_or_throw(shard.orders.on_too_late_replayed(incoming, coordinates(record), shard.txn));
  } else {
    parsed.lane_verdict = value_or_throw(shard.orders.on_duplicate(incoming, shard.txn));
  }
}

// orders: each lane sees every batch and takes the orders that are its own.
void OrderJobs::fold_orders(std::size_t lane, OrderBatch& batch) {
  OrderShard& shard = *order_shards_[lane];
  // At a marker too: on a quiet night there is nothing but markers, and timers that fire.
  shard.orders.shrink(durable_.load(std::memory_order_acquire));
  if (batch.marker) return close_orders(lane, batch);
  value_or_throw(shard.txn.renew());
  const auto for_each_own = [&](auto&& take) {
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      const ParsedRecord& parsed = batch.parsed[i];
      const bool an_event =
          parsed.verdict == Verdict::kAccepted || parsed.verdict == Verdict::kDuplicate;
      if (an_event && parsed.lane == lane) take(i);
    }
  };
  for_each_own(
      [&](std::size_t i) { shard.orders.prefetch(batch.events[batch.parsed[i].index].order_id); });
  if (batch.replays.empty()) {
    for_each_own([&](std::size_t i) { judge(shard, batch, i); });
  } else {
    for_each_own([&](std::size_t i) {
      const Replay* replay = batch.replay_of(i);
      replay != nullptr ? judge_replay(shard, batch, *replay) : judge(shard, batch, i);
    });
  }
  shard.txn.reset();
  free_ids(shard);
}

void OrderJobs::close_orders(std::size_t lane, OrderBatch& marker) {
  OrderShard& shard = *order_shards_[lane];
  OrderDraft& draft = static_cast<OrderDraft&>(*marker.draft);
  // The epoch before is durable, or this one would not have been cut: the view holds all of it.
  value_or_throw(shard.txn.renew());
  value_or_throw(
      shard.orders.close_epoch({draft.number, draft.timer_clock, draft.judged_by, draft.sweep},
                               shard.txn, draft.outputs[lane]));
  shard.txn.reset();
  draft.handed[lane] = shard.orders.hand_over();
  shard.cache_bytes.store(shard.orders.cache_bytes(), std::memory_order_relaxed);
}

// windows: nothing to do before the marker, which brings what the lanes of orders hand over.
void OrderJobs::add_up_windows(std::size_t lane, OrderBatch& batch) {
  if (!batch.marker || windowed_.empty()) return;
  WindowShard& shard = *window_shards_[lane];
  OrderDraft& draft = static_cast<OrderDraft&>(*batch.draft);
  nodes::LaneOutput& output = draft.outputs[options_.order_lanes + lane];
  value_or_throw(shard.txn.renew());
  for (std::size_t job = 0; job < windowed_.size(); ++job) {
    std::vector<const HandedOver*> handed;
    for (const auto& of_lane : draft.handed) handed.push_back(of_lane[job].get());
    windowed_[job]->shrink(lane, durable_.load(std::memory_order_acquire));
    value_or_throw(windowed_[job]->close_epoch(lane, handed, draft.number, draft.judged_by,
                                               shard.txn, output.changes,
                                               shard.outbox.lane(sinks_.rest())));
  }
  shard.txn.reset();
  shard.outbox.flush_into(output);
}

// close: every record has its verdict now.
void OrderJobs::settle(OrderBatch& batch) {
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    const nodes::RawRecord& record = batch.records[i];
    ParsedRecord& parsed = batch.parsed[i];
    if (parsed.lane_verdict == LaneVerdict::kExpired) parsed.verdict = Verdict::kDeadLettered;
    accounts_.add(record.source, parsed.verdict, record.offset);
    const std::uint32_t topic = directory_.at(record.source).topic_index;
    counters_.by_topic[topic][static_cast<std::size_t>(parsed.verdict)].fetch_add(
        1, std::memory_order_relaxed);
    if (parsed.lane_verdict != LaneVerdict::kAccepted || parsed.verdict == Verdict::kAccepted) {
      settle_accepted(batch, i);
    } else if (parsed.verdict == Verdict::kDeadLettered) {
      write_letter(batch, i, batch.rejections[parsed.index]);
    }
  }
}

namespace {

std::string shown(Instant instant) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(instant).time_since_epoch();
  return fmt::format("{:%Y-%m-%d %H:%M:%S}Z", fmt::gmtime(std::time_t{seconds.count()}));
}

orders::Rejection rejection_of(const orders::Event& event, LaneVerdict verdict,
                               std::optional<Instant> judged_by) {
  orders::Rejection rejection;
  if (!event.derived_id) rejection.event_id = std::string(event.event_id);
  rejection.order_id = event.order_id;
  const std::string watermark = judged_by ? shown(*judged_by) : "none";
  if (verdict == LaneVerdict::kExpired) {
    rejection.violation = {
        orders::Code::kExpiredOrder, "",
        fmt::format("order {} has expired: its latest event lies further behind the watermark ({}) "
                    "than pipeline.state_ttl; what is known of it in the tables stays as it is",
                    event.order_id, watermark)};
  } else {
    rejection.violation = {
        orders::Code::kTooLate, "timestamp",
        fmt::format("{} lies further behind the watermark ({}) than pipeline.allowed_lateness; the "
                    "event is accepted, but counts in no metric until it is replayed",
                    shown(event.timestamp), watermark)};
  }
  return rejection;
}

}  // namespace

/// What a lane of orders has seen: an event, or one it refused.
void OrderJobs::settle_accepted(const OrderBatch& batch, std::size_t index) {
  const nodes::RawRecord& record = batch.records[index];
  const ParsedRecord& parsed = batch.parsed[index];
  const orders::Event& event = batch.events[parsed.index];
  if (parsed.verdict == Verdict::kAccepted && !is_replay(record.source)) {
    watermark_.observe(record.source, event.timestamp);
  }
  if (parsed.unknown) counters_.unknown_statuses.fetch_add(1, std::memory_order_relaxed);
  if (parsed.lane_verdict != LaneVerdict::kAccepted) {
    write_letter(batch, index, rejection_of(event, parsed.lane_verdict, batch.judged_by));
  }
}

/// A replayed letter that is refused again has its row, under its own coordinates: it is counted.
void OrderJobs::write_letter(const OrderBatch& batch, std::size_t index,
                             const orders::Rejection& rejection) {
  counters_.letters[static_cast<std::size_t>(rejection.violation.code)].fetch_add(
      1, std::memory_order_relaxed);
  if (batch.replay_of(index) != nullptr) return;
  const nodes::RawRecord& record = batch.records[index];
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
}

void OrderJobs::close(OrderBatch& marker) {
  nodes::EpochDraft& draft = *marker.draft;
  for (std::size_t source = 0; source < draft.idle.size(); ++source) {
    watermark_.set_idle(source, draft.idle[source]);
    draft.positions[source].highest = watermark_.highest(source);
  }
  draft.watermark = watermark_.advance();
  const auto show = [](std::atomic<std::int64_t>& to, std::optional<Instant> instant) {
    if (instant) to.store(instant->time_since_epoch().count(), std::memory_order_relaxed);
  };
  show(counters_.watermark_micros, draft.watermark);
  show(counters_.timer_clock_micros, draft.timer_clock);
  accounts_.close_epoch(outbox_.lane(sinks_.rest()), options_.pipeline, directory_, draft.cut_at);
  outbox_.flush_into(draft.outputs.back());
}

}  // namespace lensart::jobs
