#include "apps/jobs/order_lane.hpp"

#include "storage/row.hpp"

namespace lensart::jobs {

using storage::EntryKind;

namespace {

/// How many orders one epoch looks at, and lets go, for their time to live.
constexpr std::size_t kSweptAnEpoch = 512;
/// Of how many expired events the ids are remembered, for the copies right behind them.
constexpr std::size_t kExpiredIdsKept = 4'096;

}  // namespace

Result<OrderTrees> open_order_trees(storage::StateStore& store) {
  OrderTrees trees;
  LENSART_ASSIGN(trees.orders, store.logged_table("orders", storage::PlaceLayout::kGrouped));
  LENSART_ASSIGN(trees.lines, store.table("lines"));
  LENSART_ASSIGN(trees.history, store.logged_table("history"));
  LENSART_ASSIGN(trees.replays, store.table("replays"));
  return trees;
}

std::uint32_t order_lane_of(orders::OrderId order_id, std::size_t lanes) {
  const std::uint64_t mixed = static_cast<std::uint64_t>(order_id) * 0x9E3779B97F4A7C15ULL;
  return static_cast<std::uint32_t>((mixed >> 32) * lanes >> 32);
}

std::string line_key(orders::OrderId order_id, std::uint32_t line) {
  std::string key = storage::key_of(static_cast<std::uint64_t>(order_id));
  storage::append_key(key, line);
  return key;
}

std::string replay_key(const Coordinates& original) {
  std::string key(original.topic);
  key.push_back('\0');
  storage::append_key(key, static_cast<std::uint32_t>(original.partition));
  storage::append_key(key, static_cast<std::uint64_t>(original.offset));
  return key;
}

OrderLane::OrderLane(const OrderLaneContext& context, std::optional<Instant> timer_clock)
    : context_(context),
      orders_(context.trees.orders, context.cache_bytes),
      // Histories are read out of the orders' own values, as a rule: little is worth keeping.
      tracker_(context.trees.history, *context.timers, *context.status_rules,
               context.cache_bytes / 16),
      outbox_(context.sinks.count),
      timer_clock_(timer_clock) {}

bool OrderLane::is_expired(const OrderState& state, std::optional<Instant> judged_by) const {
  if (state.expired) return true;
  return context_.state_ttl && judged_by && state.known() &&
         state.all.latest < *judged_by - *context_.state_ttl;
}

/// Before the first change of an epoch: what the windows hold of the order.
void OrderLane::remember_counted(orders::OrderId order_id, OrderState& state) {
  if (context_.windowed.empty() || state.remembered) return;
  state.remembered = true;
  counted_before_.emplace_back(order_id, counted_order(state.counted(), *context_.status_rules));
}

Result<LaneVerdict> OrderLane::on_event(const IncomingEvent& incoming,
                                        const storage::ReadTransaction& txn) {
  const orders::Event& event = incoming.event;
  LENSART_ASSIGN(OrderState* const state, orders_.find(event.order_id, txn));
  if (is_expired(*state, incoming.judged_by)) {
    freed_ids_.push_back(incoming.id);
    if (expired_ids_.size() >= kExpiredIdsKept) expired_ids_.clear();
    expired_ids_.insert(incoming.id);
    return LaneVerdict::kExpired;
  }
  const bool too_late = !incoming.exempt && incoming.judged_by && context_.allowed_lateness &&
                        event.timestamp < *incoming.judged_by - *context_.allowed_lateness;
  storage::ChunkBuilder& raw = outbox_.lane(context_.sinks.raw(incoming.id.low));
  append_raw_row(raw.begin(kOrdersRaw, EntryKind::kAppend, incoming.origin), event, incoming.at,
                 too_late);
  raw.end();
  LENSART_TRY(fold(incoming, *state, too_late, txn));
  return too_late ? LaneVerdict::kTooLate : LaneVerdict::kAccepted;
}

Result<Unit> OrderLane::on_logged(const IncomingEvent& incoming, bool too_late,
                                  const storage::ReadTransaction& txn) {
  LENSART_ASSIGN(OrderState* const state, orders_.find(incoming.event.order_id, txn));
  return fold(incoming, *state, too_late, txn);
}

/// An accepted event enters the state, for every job.
Result<Unit> OrderLane::fold(const IncomingEvent& incoming, OrderState& state, bool too_late,
                             const storage::ReadTransaction& txn) {
  const orders::Event& event = incoming.event;
  accepted_ids_.push_back(incoming.id);
  remember_counted(event.order_id, state);
  const OrderState::Context context{*context_.zone, context_.with_sales};
  if (state.apply(event, incoming.origin, too_late, context)) {
    orders_.mark(event.order_id);
  }
  if (!context_.track_status) return Unit{};
  return tracker_.on_event(event, incoming.origin, incoming.epoch, state.writes, txn);
}

Result<LaneVerdict> OrderLane::on_duplicate(const IncomingEvent& incoming,
                                            const storage::ReadTransaction& txn) {
  if (expired_ids_.contains(incoming.id)) return LaneVerdict::kExpired;
  const orders::OrderId order_id = incoming.event.order_id;
  LENSART_ASSIGN(OrderState* const state, orders_.find(order_id, txn));
  if (!state->known() || is_expired(*state, incoming.judged_by)) return LaneVerdict::kAccepted;
  ++state->duplicates;
  orders_.mark(order_id);
  return LaneVerdict::kAccepted;
}

/// In the sink lane of the event's row in orders_raw, as the row's flag goes with it.
void OrderLane::note_replay(const IncomingEvent& incoming, bool too_late,
                            const Coordinates& through) {
  storage::ChunkBuilder& raw = outbox_.lane(context_.sinks.raw(incoming.id.low));
  append_replay_row(raw.begin(kReplays, EntryKind::kOnce, incoming.origin),
                    {incoming.at, incoming.event.event_id, too_late, through});
  raw.end();
}

void OrderLane::on_replayed(const IncomingEvent& incoming, const Coordinates& through) {
  replayed_.emplace_back(replay_key(incoming.at), incoming.event.event_id);
  note_replay(incoming, false, through);
}

Result<LaneVerdict> OrderLane::on_too_late_replayed(const IncomingEvent& incoming,
                                                    const Coordinates& through,
                                                    const storage::ReadTransaction& txn) {
  const orders::Event& event = incoming.event;
  LENSART_ASSIGN(OrderState* const state, orders_.find(event.order_id, txn));
  if (is_expired(*state, incoming.judged_by)) return LaneVerdict::kExpired;
  remember_counted(event.order_id, *state);
  if (state->count_late(event, {*context_.zone, context_.with_sales})) {
    orders_.mark(event.order_id);
  }
  note_replay(incoming, true, through);
  return LaneVerdict::kAccepted;
}

void OrderLane::store_lines(orders::OrderId order_id, const OrderState& state,
                            storage::ChangeSet& changes) {
  std::uint32_t line = 0;
  for (const std::string_view row : storage::texts_in(state.pending_lines)) {
    changes.put(context_.trees.lines, line_key(order_id, line++), storage::seal(kLineVersion, row));
  }
  for (; line < state.lines_stored; ++line) {
    changes.erase(context_.trees.lines, line_key(order_id, line));
  }
}

/// Returns the encoded state, which lies in `changes`.
std::string_view OrderLane::close_order(orders::OrderId order_id, OrderState& state,
                                        storage::ChangeSet& changes) {
  if (state.all.has_snapshot && state.row_changed) {
    storage::ChunkBuilder& rest = outbox_.lane(context_.sinks.rest());
    const bool known = state.row_sent;
    state.append_row(
        rest.begin(kOrdersProcessed, known ? EntryKind::kUpdate : EntryKind::kInsert, state.origin),
        order_id);
    rest.end();
    if (state.lines_changed) {
      std::string& body = rest.begin(
          kOrderItems, known ? EntryKind::kReplace : EntryKind::kReplaceNew, state.origin);
      storage::RowWriter(body).bigint(order_id);
      body.append(state.pending_lines);
      rest.end();
      store_lines(order_id, state, changes);
    }
    state.row_sent = true;
  }
  state.row_changed = false;
  state.lines_changed = false;
  state.pending_lines.clear();
  state.pending_lines.shrink_to_fit();
  state.encode(changes.begin_put(context_.trees.orders,
                                 storage::key_of(static_cast<std::uint64_t>(order_id))));
  changes.end_put();
  return *changes.at(changes.items.back()).value;
}

Result<Unit> OrderLane::fire_timers(const Closing& closing, const storage::ReadTransaction& txn,
                                    storage::ChangeSet& changes) {
  if (!closing.timer_clock || !context_.track_status) return Unit{};
  std::vector<nodes::Timer> due;
  LENSART_TRY(
      context_.timers->for_each_due(txn, *closing.timer_clock, [&](const nodes::Timer& timer) {
        if (order_lane_of(timer.key, context_.lanes) == context_.lane) due.push_back(timer);
        return true;
      }));
  for (const nodes::Timer& timer : due) {
    context_.timers->clear(changes, timer);
    LENSART_ASSIGN(OrderState* const state, orders_.find(timer.key, txn));
    if (state->expired) continue;
    if (state->timer == timer.due) state->timer.reset();
    orders_.mark(timer.key);
    LENSART_TRY(tracker_.on_timer(timer.key, closing.epoch, state->writes, txn));
  }
  return Unit{};
}

/// What each changed order was is taken out of its windows, and what it is put in.
void OrderLane::count_differences(const storage::ReadTransaction& txn) {
  for (const auto& [order_id, before] : counted_before_) {
    OrderState& state = *value_or_throw(orders_.find(order_id, txn));
    // One that the sweep has let go is read anew.
    if (!std::exchange(state.remembered, false)) continue;
    const auto after = counted_order(state.counted(), *context_.status_rules);
    if (before == after) continue;
    for (WindowedJob* job : context_.windowed) {
      job->exchange(context_.lane, before ? &*before : nullptr, after ? &*after : nullptr);
    }
  }
  counted_before_.clear();
}

Result<Unit> OrderLane::erase_order(orders::OrderId order_id, const storage::ReadTransaction& txn,
                                    storage::ChangeSet& changes) {
  const std::string prefix = storage::key_of(static_cast<std::uint64_t>(order_id));
  for (const storage::Table tree : {context_.trees.lines, context_.trees.history}) {
    LENSART_TRY(txn.scan(tree, prefix, [&](std::string_view key, std::string_view) {
      if (!key.starts_with(prefix)) return false;
      changes.erase(tree, key);
      return true;
    }));
  }
  changes.put(context_.trees.orders, prefix, OrderState::encode_expired());
  orders_.forget(order_id);
  tracker_.forget(order_id);
  return Unit{};
}

/// Goes through the orders a stretch at a time and lets go of those that have expired: from here on
/// a marker stands for each. Which events are refused does not depend on how far this has come.
Result<Unit> OrderLane::sweep(const Closing& closing, const storage::ReadTransaction& txn,
                              storage::ChangeSet& changes) {
  if (!context_.state_ttl || !closing.judged_by) return Unit{};
  std::vector<orders::OrderId> over;
  std::size_t seen = 0;
  std::string next;
  Result<Unit> damaged = Unit{};
  LENSART_TRY(txn.scan(
      context_.trees.orders, sweep_from_, [&](std::string_view key, std::string_view value) {
        if (++seen > kSweptAnEpoch) {
          next = key;
          return false;
        }
        const auto order_id = static_cast<orders::OrderId>(storage::key_to_u64(key));
        if (order_lane_of(order_id, context_.lanes) != context_.lane) return true;
        const auto state = OrderState::decode(value);
        if (!state) damaged = fail(Errc::kStateCorrupt, std::string(nodes::kDamagedState));
        // One with a timer is left until the timer has fired.
        if (state && !state->expired && !state->timer && is_expired(*state, closing.judged_by)) {
          over.push_back(order_id);
        }
        return damaged.has_value();
      }));
  LENSART_TRY(damaged);
  sweep_from_ = next;
  for (const orders::OrderId order_id : over) LENSART_TRY(erase_order(order_id, txn, changes));
  return Unit{};
}

Result<Unit> OrderLane::close_epoch(const Closing& closing, const storage::ReadTransaction& txn,
                                    nodes::LaneOutput& output) {
  storage::ChangeSet& changes = output.changes;
  if (closing.sweep) LENSART_TRY(sweep(closing, txn, changes));
  LENSART_TRY(fire_timers(closing, txn, changes));
  if (context_.track_status) {
    OrderStatusTracker::Closing tracking;
    tracking.clock_before = timer_clock_;
    tracking.clock = closing.timer_clock;
    tracking.find_order = [&](orders::OrderId order_id) { return orders_.find(order_id, txn); };
    tracking.mark_order = [&](orders::OrderId order_id) { orders_.mark(order_id); };
    LENSART_TRY(tracker_.close_epoch(tracking, changes, outbox_.lane(context_.sinks.rest())));
  }
  timer_clock_ = closing.timer_clock;
  count_differences(txn);
  orders_.close_epoch(closing.epoch, [&](orders::OrderId order_id, OrderState& state) {
    return close_order(order_id, state, changes);
  });
  context_.ids->log(changes, closing.epoch, context_.lane, std::exchange(accepted_ids_, {}));
  for (const auto& [key, event_id] : std::exchange(replayed_, {})) {
    changes.put(context_.trees.replays, key, storage::seal(kReplayVersion, event_id));
  }
  outbox_.flush_into(output);
  return Unit{};
}

std::vector<std::unique_ptr<HandedOver>> OrderLane::hand_over() {
  std::vector<std::unique_ptr<HandedOver>> handed;
  for (WindowedJob* job : context_.windowed) handed.push_back(job->hand_over(context_.lane));
  return handed;
}

void OrderLane::shrink(EpochNumber durable) {
  orders_.set_durable(durable);
  tracker_.shrink(durable);
}

}  // namespace lensart::jobs
