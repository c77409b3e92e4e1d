#include "apps/jobs/status_track.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "apps/jobs/order_fold.hpp"
#include "nodes/window/windows.hpp"
#include "storage/codec.hpp"

namespace lensart::jobs {

namespace {

constexpr std::size_t kUsualWrites = 4;

bool before(const StatusWrite& a, const StatusWrite& b) {
  return std::tie(a.at, a.type, a.event_id) < std::tie(b.at, b.type, b.event_id);
}

/// A write, with what its status means: that is asked for several times, and compares texts.
struct Judged {
  const StatusWrite* write;
  const orders::StatusMeaning* meaning;  ///< null where the map lacks it

  const StatusWrite* operator->() const { return write; }
  bool is_terminal() const { return meaning != nullptr && meaning->terminal; }
  std::optional<int> rank() const { return meaning == nullptr ? std::nullopt : meaning->rank; }
};
using Writes = std::vector<Judged>;

/// What a row of the history has of its own; `previous` is the row before, null for the first.
Anomaly anomaly_of(const Judged& write, const Judged* previous, const orders::StatusRules& rules) {
  if (write.meaning == nullptr) return Anomaly::kUnknownStatus;
  if (previous == nullptr && !write->old_status) return Anomaly::kNone;
  const orders::StatusMeaning* const from =
      previous != nullptr ? previous->meaning : rules.statuses.find(*write->old_status);
  if (from != nullptr && from->terminal) return Anomaly::kAfterTerminal;
  const auto rank = write.rank();
  if (rank && from != nullptr && from->rank && *rank < *from->rank) return Anomaly::kBackward;
  if (previous != nullptr && write->old_status && *write->old_status != (*previous)->status) {
    return Anomaly::kSequenceGap;
  }
  return Anomaly::kNone;
}

std::optional<std::int64_t> seconds_between(Instant from, Instant to) {
  if (from > to) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::seconds>(to - from).count();
}

void add_history(const Writes& writes, const orders::StatusRules& rules, StatusView& view) {
  const Judged* previous = nullptr;
  std::optional<Instant> created;
  for (const Judged& write : writes) {
    if (write->type == orders::EventType::kCreated && !created) created = write->at;
  }
  for (const Judged& write : writes) {
    if (write->type != orders::EventType::kStatusChanged) continue;
    HistoryEntry entry;
    entry.write = write.write;
    const std::optional<Instant> since = previous != nullptr ? (*previous)->at : created;
    if (since) entry.processing_seconds = seconds_between(*since, write->at);
    entry.anomaly = anomaly_of(write, previous, rules);
    view.history.push_back(entry);
    previous = &write;
  }
}

void add_sessions(const orders::StatusRules& rules, StatusView& view) {
  auto& history = view.history;
  nodes::for_each_session(
      history, rules.session_gap, [](const HistoryEntry& entry) { return entry.write->at; },
      [&](std::size_t first, std::size_t last) {
        StatusSession session;
        session.started_at = history[first].write->at;
        session.ended_at = history[last].write->at;
        session.changes = static_cast<std::int64_t>(last - first + 1);
        session.first_status = history[first].write->status;
        session.last_status = history[last].write->status;
        for (std::size_t i = first; i <= last; ++i) history[i].session_id = session.id();
        view.sessions.push_back(session);
      });
}

/// A change of status, as `stuck` understands it: the first status, every status_changed and
/// cancelled, and whatever else alters the status.
bool is_change(const StatusWrite& write, const StatusWrite* before) {
  return before == nullptr || write.type == orders::EventType::kStatusChanged ||
         write.type == orders::EventType::kCancelled || write.status != before->status;
}

void add_stuck(const Writes& writes, std::optional<Instant> timer_clock,
               const orders::StatusRules& rules, StatusView& view) {
  const StatusWrite* before = nullptr;
  const Judged* change = nullptr;
  for (const Judged& write : writes) {
    if (is_change(*write.write, before)) {
      if (change != nullptr && write->at - (*change)->at >= rules.stuck_after &&
          !change->is_terminal()) {
        view.anomalies.push_back({Anomaly::kStuck, (*change)->status, (*change)->at, write->at});
      }
      change = &write;
    }
    before = write.write;
  }
  if (change == nullptr || change->is_terminal()) return;
  const Instant due = (*change)->at + rules.stuck_after;
  if (timer_clock && *timer_clock >= due) {
    view.anomalies.push_back({Anomaly::kStuck, (*change)->status, (*change)->at, std::nullopt});
  } else {
    view.stuck_at = due;
  }
}

void add_unknown(const Writes& writes, StatusView& view) {
  std::set<std::string_view> seen;
  const auto note = [&](std::string_view text, Instant at) {
    // Earliest first: of each text only the first is kept.
    if (!seen.insert(text).second) return;
    view.anomalies.push_back({Anomaly::kUnknownStatus, text, at, std::nullopt});
  };
  for (const Judged& write : writes) {
    if (write.meaning == nullptr) note(write->status, write->at);
    if (write->unknown_payment) note(*write->unknown_payment, write->at);
  }
}

void sort_anomalies(StatusView& view) {
  const auto key = [](const AnomalyEntry& entry) {
    return std::tie(entry.kind, entry.status, entry.since);
  };
  auto& rows = view.anomalies;
  std::sort(rows.begin(), rows.end(),
            [&](const auto& a, const auto& b) { return key(a) < key(b); });
  rows.erase(std::unique(rows.begin(), rows.end(),
                         [&](const auto& a, const auto& b) { return key(a) == key(b); }),
             rows.end());
}

}  // namespace

std::string_view name_of(Anomaly anomaly) {
  switch (anomaly) {
    case Anomaly::kNone:
      return "";
    case Anomaly::kUnknownStatus:
      return "unknown_status";
    case Anomaly::kAfterTerminal:
      return "after_terminal";
    case Anomaly::kBackward:
      return "backward";
    case Anomaly::kSequenceGap:
      return "sequence_gap";
    case Anomaly::kStuck:
      return "stuck";
  }
  return "";
}

void StatusTrack::add(const orders::Event& event, const storage::Origin& origin,
                      const orders::StatusRules& rules) {
  const auto status = status_written(event);
  if (!status) return;
  StatusWrite write;
  write.at = event.timestamp;
  write.type = event.type;
  write.event_id = event.event_id;
  write.status = *status;
  if (event.old_status) write.old_status = *event.old_status;
  if (event.has_snapshot && event.snapshot.payment_method &&
      !rules.knows_payment(*event.snapshot.payment_method)) {
    write.unknown_payment = *event.snapshot.payment_method;
  }
  write.has_snapshot = event.has_snapshot;
  write.origin = origin;
  write.fresh = true;
  if (writes.empty()) writes.reserve(kUsualWrites);
  const auto place = std::upper_bound(writes.begin(), writes.end(), write, before);
  writes.insert(place, std::move(write));
}

std::size_t StatusTrack::bytes() const {
  std::size_t bytes = writes.capacity() * sizeof(StatusWrite);
  for (const StatusWrite& write : writes) {
    bytes += write.event_id.heap_bytes() + write.status.heap_bytes();
  }
  return bytes;
}

void make_view(const StatusTrack& track, bool with_fresh, std::optional<Instant> timer_clock,
               const orders::StatusRules& rules, StatusView& view) {
  static thread_local Writes writes;  // as many as any track had
  writes.clear();
  view.has_snapshot = false;
  view.history.clear();
  view.sessions.clear();
  view.anomalies.clear();
  view.stuck_at.reset();
  for (const StatusWrite& write : track.writes) {
    if (write.fresh && !with_fresh) continue;
    writes.push_back({&write, rules.statuses.find(write.status)});
    view.has_snapshot = view.has_snapshot || write.has_snapshot;
  }
  if (writes.empty()) return;
  add_history(writes, rules, view);
  add_sessions(rules, view);
  for (const HistoryEntry& entry : view.history) {
    if (entry.anomaly == Anomaly::kNone || entry.anomaly == Anomaly::kUnknownStatus) continue;
    view.anomalies.push_back({entry.anomaly, entry.write->status, entry.write->at, std::nullopt});
  }
  add_stuck(writes, timer_clock, rules, view);
  add_unknown(writes, view);
  sort_anomalies(view);
}

StatusView view_of(const StatusTrack& track, bool with_fresh, std::optional<Instant> timer_clock,
                   const orders::StatusRules& rules) {
  StatusView view;
  make_view(track, with_fresh, timer_clock, rules, view);
  return view;
}

}  // namespace lensart::jobs
