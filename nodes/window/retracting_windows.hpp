/// Keyed windows kept by retraction: what changes is taken out as it was and put in as it is, so
/// that late and repeated work needs no buffer and each window is right at every epoch.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <utility>
#include <vector>

#include "nodes/operators/keyed_cache.hpp"
#include "storage/state_store.hpp"

namespace lensart::nodes {

/// The differences one upstream lane makes to windows during an epoch, split by the lane that owns
/// each window. `Key` has `encode()`, `hash_value`, `==` and `<`; `Sums` is a `Totals`.
///
/// Threads: one.
template <class Key, class Sums>
class WindowDifferences {
 public:
  using ByLane = std::vector<std::vector<std::pair<Key, Sums>>>;

  void put_in(const Key& key, const Sums& what) { differences_[key] += what; }
  void take_out(const Key& key, const Sums& what) { differences_[key] -= what; }

  /// Everything since the last call, for `lanes` owners; what cancelled out is left out.
  ByLane take(std::size_t lanes) {
    ByLane out(lanes);
    for (const auto& [key, sums] : differences_) {
      if (!sums.nothing()) out[hash_value(key) % lanes].emplace_back(key, sums);
    }
    differences_.clear();
    return out;
  }

 private:
  boost::unordered_flat_map<Key, Sums> differences_;
};

/// The windows of one lane. Threads: one at a time.
template <class Key, class Sums>
class WindowLane {
 public:
  WindowLane(storage::Table table, std::size_t budget_bytes)
      : table_(table), windows_(table, budget_bytes) {}

  Result<Unit> apply(const Key& key, const Sums& difference, EpochNumber epoch,
                     const storage::ReadTransaction& txn) {
    LENSART_ASSIGN(Sums* const window, windows_.find(key, txn));
    *window += difference;
    windows_.mark(key, epoch);
    return Unit{};
  }

  /// Stores what the epoch changed and calls `visit(key, sums)` for each, in key order. A window
  /// that is empty now is erased, and visited all the same.
  template <class Visit>
  void close_epoch(storage::ChangeSet& changes, Visit&& visit) {
    windows_.close_epoch([&](const Key& key, const Sums& sums) {
      if (sums.empty_window()) {
        changes.erase(table_, key.encode());
      } else {
        changes.put(table_, key.encode(), sums.encode());
      }
      visit(key, sums);
    });
  }
  /// Erases this lane's windows whose key is below `until` and calls `visit(key)` for each. Call it
  /// after `close_epoch`. REQUIRES: keys are sorted in the tree as they are by `<`.
  template <class Visit>
  Result<Unit> expire(const Key& until, std::size_t lane, std::size_t lanes,
                      const storage::ReadTransaction& txn, storage::ChangeSet& changes,
                      Visit&& visit) {
    return txn.scan(table_, "", [&](std::string_view encoded, std::string_view) {
      const Key key = Key::decode(encoded);
      if (!(key < until)) return false;
      if (hash_value(key) % lanes == lane) {
        changes.erase(table_, encoded);
        windows_.forget(key);
        visit(key);
      }
      return true;
    });
  }
  void shrink(EpochNumber durable) { windows_.shrink(durable); }
  storage::Table table() const { return table_; }
  std::size_t used_bytes() const { return windows_.used_bytes(); }

 private:
  storage::Table table_;
  KeyedCache<Sums, Key> windows_;
};

}  // namespace lensart::nodes
