#include "apps/jobs/order_status_tracker.hpp"

#include <algorithm>
#include <tuple>

#include "apps/jobs/tables.hpp"
#include "storage/row.hpp"

namespace lensart::jobs {

namespace {

using storage::EntryKind;

/// Writes what turns the rows `before` into the rows `after`; both are sorted by `key_of`. False
/// when there is nothing to write.
template <class Entry, class KeyOf, class RowOf>
bool write_difference(const std::vector<Entry>& before, const std::vector<Entry>& after,
                      KeyOf&& key_of, RowOf&& row_of, const storage::TableSpec& table,
                      const storage::Origin& origin, storage::ChunkBuilder& outbox) {
  bool any = false;
  const auto put = [&](EntryKind kind, std::string_view body) {
    any = true;
    outbox.begin(table.id, kind, origin).append(body);
    outbox.end();
  };
  auto old = before.begin();
  auto now = after.begin();
  while (old != before.end() || now != after.end()) {
    if (now == after.end() || (old != before.end() && key_of(*old) < key_of(*now))) {
      const std::string row = row_of(*old++);
      put(EntryKind::kDelete, storage::leading_columns(table.columns, table.key_columns, row));
    } else if (old == before.end() || key_of(*now) < key_of(*old)) {
      put(EntryKind::kInsert, row_of(*now++));
    } else {
      if (!(*now == *old)) put(EntryKind::kUpdate, row_of(*now));
      ++now;
      ++old;
    }
  }
  return any;
}

}  // namespace

std::string history_row(orders::OrderId order_id, const HistoryEntry& entry) {
  std::string out;
  storage::RowWriter row(out);
  row.bigint(order_id);
  row.text(entry.write->event_id.view());
  entry.write->old_status ? row.text(entry.write->old_status->view()) : row.null();
  row.text(entry.write->status.view());
  row.instant(entry.write->at);
  row.bigint(entry.processing_seconds);
  entry.anomaly == Anomaly::kNone ? row.null() : row.text(name_of(entry.anomaly));
  row.bigint(entry.session_id);
  return out;
}

std::string session_row(orders::OrderId order_id, const StatusSession& session) {
  std::string out;
  storage::RowWriter row(out);
  row.bigint(order_id);
  row.bigint(session.id());
  row.instant(session.started_at);
  row.instant(session.ended_at);
  row.bigint(session.changes);
  row.text(session.first_status);
  row.text(session.last_status);
  return out;
}

std::string anomaly_row(orders::OrderId order_id, const AnomalyEntry& anomaly) {
  std::string out;
  storage::RowWriter row(out);
  row.bigint(order_id);
  row.text(name_of(anomaly.kind));
  row.text(anomaly.status);
  row.instant(anomaly.since);
  row.instant(anomaly.resolved_at);
  return out;
}

Result<StatusTrack*> OrderStatusTracker::find(orders::OrderId order_id, const StoredWrites& stored,
                                              const storage::ReadTransaction& txn) {
  return tracks_.find(order_id, [&](StatusTrack& track) -> Result<Unit> {
    LENSART_ASSIGN(track, StatusTrack::load(txn, table_, order_id, stored));
    return Unit{};
  });
}

Result<Unit> OrderStatusTracker::on_event(const orders::Event& event, const storage::Origin& origin,
                                          EpochNumber epoch, const StoredWrites& stored,
                                          const storage::ReadTransaction& txn) {
  if (!status_written(event)) return Unit{};
  LENSART_ASSIGN(StatusTrack* const track, find(event.order_id, stored, txn));
  track->add(event, origin, rules_);
  tracks_.mark(event.order_id, epoch);
  return Unit{};
}

Result<Unit> OrderStatusTracker::on_timer(orders::OrderId order_id, EpochNumber epoch,
                                          const StoredWrites& stored,
                                          const storage::ReadTransaction& txn) {
  LENSART_TRY(find(order_id, stored, txn));
  tracks_.mark(order_id, epoch);
  return Unit{};
}

void OrderStatusTracker::set_timer(orders::OrderId order_id, OrderState& state,
                                   std::optional<Instant> stuck_at, storage::ChangeSet& changes) {
  // One timer an order is enough: an earlier one, when it fires, sets the next.
  if (!stuck_at || (state.timer && *state.timer <= *stuck_at)) return;
  if (state.timer) timers_.clear(changes, {*state.timer, order_id});
  state.timer = stuck_at;
  timers_.set(changes, {*stuck_at, order_id});
}

Result<Unit> OrderStatusTracker::close_order(orders::OrderId order_id, StatusTrack& track,
                                             const Closing& closing, storage::ChangeSet& changes,
                                             storage::ChunkBuilder& outbox) {
  make_view(track, false, closing.clock_before, rules_, before_);
  make_view(track, true, closing.clock, rules_, after_);
  const StatusView& before = before_;
  const StatusView& after = after_;
  if (track.writes.empty()) return Unit{};
  const auto newest = std::find_if(track.writes.rbegin(), track.writes.rend(),
                                   [](const StatusWrite& write) { return write.fresh; });
  const storage::Origin origin =
      newest == track.writes.rend() ? track.writes.back().origin : newest->origin;
  static const std::vector<HistoryEntry> kWaiting;
  const bool history_changed = write_difference(
      before.has_snapshot ? before.history : kWaiting,
      after.has_snapshot ? after.history : kWaiting,
      [](const HistoryEntry& entry) { return std::tie(entry.write->at, entry.write->event_id); },
      [&](const HistoryEntry& entry) { return history_row(order_id, entry); },
      *tables().find(kStatusHistory), origin, outbox);
  write_difference(
      before.sessions, after.sessions, [](const StatusSession& session) { return session.id(); },
      [&](const StatusSession& session) { return session_row(order_id, session); },
      *tables().find(kStatusSessions), origin, outbox);
  write_difference(
      before.anomalies, after.anomalies,
      [](const AnomalyEntry& entry) { return std::tie(entry.kind, entry.status, entry.since); },
      [&](const AnomalyEntry& entry) { return anomaly_row(order_id, entry); },
      *tables().find(kAnomalies), origin, outbox);
  LENSART_ASSIGN(OrderState* const state, closing.find_order(order_id));
  LENSART_TRY(track.store_fresh(changes, table_, order_id, state->writes));
  for (StatusWrite& write : track.writes) write.fresh = false;
  // The order's row goes with its history: should somebody have deleted it, it is sent again.
  if (history_changed) state->row_changed = true;
  set_timer(order_id, *state, after.stuck_at, changes);
  closing.mark_order(order_id);
  return Unit{};
}

Result<Unit> OrderStatusTracker::close_epoch(const Closing& closing, storage::ChangeSet& changes,
                                             storage::ChunkBuilder& outbox) {
  Result<Unit> done = Unit{};
  tracks_.close_epoch([&](orders::OrderId order_id, StatusTrack& track) {
    if (done) done = close_order(order_id, track, closing, changes, outbox);
  });
  return done;
}

}  // namespace lensart::jobs
