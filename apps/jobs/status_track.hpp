/// The events that wrote an order's status, in order, and what follows from them: its history, its
/// sessions, its anomalies (docs/contract.md §3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/jobs/stored_writes.hpp"
#include "apps/orders/event.hpp"
#include "apps/orders/status_rules.hpp"
#include "graph/short_text.hpp"
#include "storage/outbox_format.hpp"
#include "storage/state_store.hpp"

namespace lensart::jobs {

/// One event that wrote a status. `status_changed` events are the order's history.
struct StatusWrite {
  Instant at;
  orders::EventType type = orders::EventType::kCreated;
  KeyText event_id;
  KeyText status;
  std::optional<KeyText> old_status;           ///< as a status_changed says
  std::optional<std::string> unknown_payment;  ///< a payment method that the map lacks
  bool has_snapshot = false;
  storage::Origin origin;
  bool fresh = false;  ///< came since the last close of an epoch; never persisted
};

/// Threads: one at a time.
struct StatusTrack {
  std::vector<StatusWrite> writes;  ///< by (at, type, event_id)

  void add(const orders::Event& event, const storage::Origin& origin,
           const orders::StatusRules& rules);
  std::size_t bytes() const;
  /// Has the processor fetch the writes, of which each is several cache lines.
  void prefetch() const {
    for (const StatusWrite& write : writes) {
      __builtin_prefetch(&write);
      __builtin_prefetch(&write.fresh);
    }
  }

  /// Reads the writes of an order: those `stored`, and what of them is in the tree. Fails with
  /// kStateCorrupt.
  static Result<StatusTrack> load(const storage::ReadTransaction& txn, storage::Table table,
                                  orders::OrderId order_id, const StoredWrites& stored);
  /// Adds the fresh writes to those stored, and puts into the tree what becomes too many for the
  /// order's own value. Fails with kStateCorrupt when `stored` is not what was stored.
  Result<Unit> store_fresh(storage::ChangeSet& changes, storage::Table table,
                           orders::OrderId order_id, StoredWrites& stored) const;
};

enum class Anomaly : std::uint8_t {
  kNone,
  kUnknownStatus,
  kAfterTerminal,
  kBackward,
  kSequenceGap,
  kStuck,
};
/// "unknown_status" and so on.
std::string_view name_of(Anomaly anomaly);

/// A row of order_status_history.
struct HistoryEntry {
  const StatusWrite* write = nullptr;
  std::optional<std::int64_t> processing_seconds;
  Anomaly anomaly = Anomaly::kNone;
  std::int64_t session_id = 0;
  friend bool operator==(const HistoryEntry&, const HistoryEntry&) = default;
};

/// A row of order_status_sessions.
struct StatusSession {
  Instant started_at;
  Instant ended_at;
  std::int64_t changes = 0;
  std::string_view first_status;
  std::string_view last_status;
  std::int64_t id() const { return started_at.time_since_epoch().count(); }
  friend bool operator==(const StatusSession&, const StatusSession&) = default;
};

/// A row of order_anomalies.
struct AnomalyEntry {
  Anomaly kind = Anomaly::kNone;
  std::string_view status;
  Instant since;
  std::optional<Instant> resolved_at;
  friend bool operator==(const AnomalyEntry&, const AnomalyEntry&) = default;
};

/// Everything the tables say of an order's statuses. Views point into the track.
struct StatusView {
  bool has_snapshot = false;  ///< without one the history waits
  std::vector<HistoryEntry> history;
  std::vector<StatusSession> sessions;
  std::vector<AnomalyEntry> anomalies;  ///< by (kind, status, since), each once
  /// When the order will be stuck unless it changes; nothing when it is, or cannot be.
  std::optional<Instant> stuck_at;
};

/// A pure function of the writes and the timer clock. `with_fresh` false: as it was before the
/// epoch under way. Entries of two views of one track may be compared. The first form makes `view`
/// anew in the room that it has.
void make_view(const StatusTrack& track, bool with_fresh, std::optional<Instant> timer_clock,
               const orders::StatusRules& rules, StatusView& view);
StatusView view_of(const StatusTrack& track, bool with_fresh, std::optional<Instant> timer_clock,
                   const orders::StatusRules& rules);

}  // namespace lensart::jobs
