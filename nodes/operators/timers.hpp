/// Event-time timers, kept in the state: they survive restarts, and there may be more of them than
/// fit in memory.
///
/// A timer is (due, key). It asks only to be looked at: whoever set it decides then, from its own
/// state, whether anything is due. So a key needs no more than one timer at a time, and one that
/// fires too early does no harm.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/clock.hpp"
#include "graph/error.hpp"
#include "storage/codec.hpp"
#include "storage/state_store.hpp"

namespace lensart::nodes {

struct Timer {
  Instant due;
  std::int64_t key = 0;
};

/// The timers of all lanes in one tree. Threads: `set`, `clear` and `for_each_due` from a lane with
/// its own change set and view; the rest from the source's and the committer's.
class Timers {
 public:
  static constexpr std::uint8_t kVersion = 1;

  explicit Timers(storage::Table table) : table_(table) {}

  void set(storage::ChangeSet& changes, const Timer& timer) const {
    changes.put(table_, key_of(timer), storage::seal(kVersion, ""));
  }
  void clear(storage::ChangeSet& changes, const Timer& timer) const {
    changes.erase(table_, key_of(timer));
  }

  /// Calls `visit(timer)` for all that are due at `clock`, the earliest first, until it is false.
  template <class Visit>
  Result<Unit> for_each_due(const storage::ReadTransaction& txn, Instant clock,
                            Visit&& visit) const {
    return txn.scan(table_, "", [&](std::string_view key, std::string_view) {
      const Timer timer = timer_of(key);
      return timer.due <= clock && visit(timer);
    });
  }

  /// Reads again when the earliest is due; after each commit.
  Result<Unit> refresh(const storage::ReadTransaction& txn) {
    std::int64_t earliest = INT64_MAX;
    LENSART_TRY(txn.scan(table_, "", [&](std::string_view key, std::string_view) {
      earliest = timer_of(key).due.time_since_epoch().count();
      return false;
    }));
    earliest_micros_.store(earliest, std::memory_order_release);
    return Unit{};
  }
  /// Whether a timer is due at `clock`, as of the last refresh.
  bool any_due(Instant clock) const {
    return earliest_micros_.load(std::memory_order_acquire) <= clock.time_since_epoch().count();
  }
  /// `clock`, or as much earlier as it must be for at most about `most` timers to be due: a leap of
  /// the clock must not fire a year's timers in one epoch.
  Result<Instant> at_most(const storage::ReadTransaction& txn, Instant clock,
                          std::size_t most) const {
    Instant reached = clock;
    std::size_t due = 0;
    LENSART_TRY(for_each_due(txn, clock, [&](const Timer& timer) {
      if (++due < most) return true;
      reached = timer.due;
      return false;
    }));
    return reached;
  }

 private:
  static constexpr std::uint64_t kSign = 1ULL << 63;

  static std::string key_of(const Timer& timer) {
    std::string key;
    storage::append_key(key,
                        static_cast<std::uint64_t>(timer.due.time_since_epoch().count()) ^ kSign);
    storage::append_key(key, static_cast<std::uint64_t>(timer.key));
    return key;
  }
  static Timer timer_of(std::string_view key) {
    const auto due = static_cast<std::int64_t>(storage::key_to_u64(key) ^ kSign);
    return {Instant{std::chrono::microseconds(due)},
            static_cast<std::int64_t>(storage::key_to_u64(key.substr(8)))};
  }

  storage::Table table_;
  std::atomic<std::int64_t> earliest_micros_{INT64_MAX};
};

}  // namespace lensart::nodes
