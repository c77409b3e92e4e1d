// The tables of the job `status`: history, sessions, anomalies (docs/contract.md §3).

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "tests/model/fold.hpp"

namespace lensart::model {

using std::chrono::microseconds;
using std::chrono::seconds;

namespace {

/// The status_changed events of an order, by (changed_at, event_id).
OrderEvents status_changes(const OrderEvents& events) {
  OrderEvents changes;
  for (const AcceptedEvent* one : events) {
    if (one->event.type == EventType::kStatusChanged) changes.push_back(one);
  }
  return changes;
}

/// The changes, cut where the pause before one is longer than the gap.
std::vector<OrderEvents> sessions_of(const OrderEvents& changes, microseconds gap) {
  std::vector<OrderEvents> sessions;
  for (const AcceptedEvent* one : changes) {
    const bool first = sessions.empty();
    if (first || one->event.timestamp - sessions.back().back()->event.timestamp > gap) {
      sessions.emplace_back();
    }
    sessions.back().push_back(one);
  }
  return sessions;
}

std::int64_t session_id(const OrderEvents& session) {
  return session.front()->event.timestamp.time_since_epoch().count();
}

/// `since` is nothing or later: nobody knows how long it took.
std::optional<std::int64_t> whole_seconds(std::optional<Instant> since, Instant until) {
  if (!since || *since > until) return std::nullopt;
  return std::chrono::floor<seconds>(until - *since).count();
}

std::optional<std::int64_t> rank_of(const std::string& status, const Settings& settings) {
  const auto& ranks = settings.status_ranks;
  const auto found = std::find(ranks.begin(), ranks.end(), status);
  if (found == ranks.end()) return std::nullopt;
  return found - ranks.begin();
}

/// `before`: the row before, null for the first.
Cell anomaly_of(const Event& change, const Event* before, const Settings& settings) {
  if (!settings.status_map.contains(change.new_status)) return "unknown_status";
  const std::optional<std::string> previous =
      before != nullptr ? std::optional(before->new_status) : change.old_status;
  if (!previous) return std::nullopt;
  if (settings.terminal_statuses.contains(*previous)) return "after_terminal";
  const auto rank = rank_of(change.new_status, settings);
  const auto previous_rank = rank_of(*previous, settings);
  if (rank && previous_rank && *rank < *previous_rank) return "backward";
  if (before != nullptr && change.old_status && *change.old_status != *previous) {
    return "sequence_gap";
  }
  return std::nullopt;
}

/// A moment from which on a status lasted.
struct Change {
  Instant at;
  std::string status;
};

std::vector<Change> changes_of(const OrderEvents& events) {
  std::vector<Change> changes;
  for (const AcceptedEvent* one : events) {
    const auto status = written_order_status(one->event);
    if (!status) continue;
    const bool always = one->event.type == EventType::kStatusChanged ||
                        one->event.type == EventType::kCancelled || changes.empty();
    if (always || *status != changes.back().status) {
      changes.push_back({one->event.timestamp, *status});
    }
  }
  return changes;
}

/// Rows of order_anomalies of one order.
class Anomalies {
 public:
  explicit Anomalies(std::int64_t order_id) : order_id_(order_id) {}

  void add(const std::string& kind, const std::string& status, Instant since,
           std::optional<Instant> resolved_at = std::nullopt) {
    rows_[{kind, status, since}] = resolved_at;
  }
  void write(Table& table) const {
    for (const auto& [key, resolved_at] : rows_) {
      const auto& [kind, status, since] = key;
      table.add({number(order_id_), kind, status, instant(since), instant(resolved_at)});
    }
  }

 private:
  std::int64_t order_id_;
  std::map<std::tuple<std::string, std::string, Instant>, std::optional<Instant>> rows_;
};

void add_history_anomalies(const OrderEvents& events, const Settings& settings, Anomalies& into) {
  const Event* before = nullptr;
  for (const AcceptedEvent* one : status_changes(events)) {
    const Event& change = one->event;
    const Cell kind = anomaly_of(change, before, settings);
    // Unknown statuses have rows of another kind: one a text, whoever writes it.
    if (kind && *kind != "unknown_status") into.add(*kind, change.new_status, change.timestamp);
    before = &change;
  }
}

void add_unknown(const OrderEvents& events, const Settings& settings, Anomalies& into) {
  std::set<std::string> seen;
  const auto meet = [&](const std::optional<std::string>& word, const auto& map, Instant at) {
    if (word && !map.contains(*word) && seen.insert(*word).second) {
      into.add("unknown_status", *word, at);
    }
  };
  for (const AcceptedEvent* one : events) {
    meet(written_order_status(one->event), settings.status_map, one->event.timestamp);
    if (!one->event.snapshot) continue;
    meet(one->event.snapshot->payment_method, settings.payment_map, one->event.timestamp);
  }
}

void add_stuck(const OrderEvents& events, std::optional<Instant> timer_clock,
               const Settings& settings, Anomalies& into) {
  const std::vector<Change> changes = changes_of(events);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Change& change = changes[i];
    if (settings.terminal_statuses.contains(change.status)) continue;
    const Instant due = change.at + settings.stuck_after;
    if (i + 1 < changes.size()) {
      if (changes[i + 1].at >= due) into.add("stuck", change.status, change.at, changes[i + 1].at);
    } else if (timer_clock && *timer_clock >= due) {
      into.add("stuck", change.status, change.at);
    }
  }
}

}  // namespace

Table order_status_history(const std::vector<AcceptedEvent>& accepted, const Settings& settings) {
  Table table(order_status_history_shape());
  for (const auto& [order_id, events] : by_order(accepted)) {
    if (latest_snapshot(events) == nullptr) continue;
    const Event* before = nullptr;
    for (const OrderEvents& session : sessions_of(status_changes(events), settings.session_gap)) {
      for (const AcceptedEvent* one : session) {
        const Event& change = one->event;
        const auto since = before != nullptr ? before->timestamp : earliest_created(events);
        table.add({number(order_id), text(change.event_id), text(change.old_status),
                   text(change.new_status), instant(change.timestamp),
                   number(whole_seconds(since, change.timestamp)),
                   anomaly_of(change, before, settings), number(session_id(session))});
        before = &change;
      }
    }
  }
  return table;
}

Table order_status_sessions(const std::vector<AcceptedEvent>& accepted, const Settings& settings) {
  Table table(order_status_sessions_shape());
  for (const auto& [order_id, events] : by_order(accepted)) {
    for (const OrderEvents& session : sessions_of(status_changes(events), settings.session_gap)) {
      const Event& first = session.front()->event;
      const Event& last = session.back()->event;
      table.add({number(order_id), number(session_id(session)), instant(first.timestamp),
                 instant(last.timestamp), number(static_cast<std::int64_t>(session.size())),
                 text(first.new_status), text(last.new_status)});
    }
  }
  return table;
}

Table order_anomalies(const std::vector<AcceptedEvent>& accepted,
                      std::optional<Instant> timer_clock, const Settings& settings) {
  Table table(order_anomalies_shape());
  for (const auto& [order_id, events] : by_order(accepted)) {
    Anomalies anomalies(order_id);
    add_history_anomalies(events, settings, anomalies);
    add_unknown(events, settings, anomalies);
    add_stuck(events, timer_clock, settings, anomalies);
    anomalies.write(table);
  }
  return table;
}

}  // namespace lensart::model
