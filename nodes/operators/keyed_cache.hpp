/// Keyed state of one lane: a bounded cache over the lane's share of a tree.
#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/batch.hpp"
#include "graph/error.hpp"
#include "nodes/operators/damaged_state.hpp"
#include "storage/codec.hpp"
#include "storage/state_store.hpp"

namespace lensart::nodes {

/// `Value` is default-constructible and has
///   `static std::optional<Value> decode(std::string_view)`, `std::size_t bytes() const`,
/// and may have
///   `void prefetch() const`, which has the processor fetch what lies outside of it.
/// `Key` is a number, or has `encode()`, `hash_value`, `==` and `<`.
///
/// What an epoch changed is pinned until the epoch is durable: the tree would still give the value
/// before it. Threads: one at a time.
template <class Value, class Key = std::int64_t>
class KeyedCache {
 public:
  KeyedCache(storage::Table table, std::size_t budget_bytes)
      : table_(table), budget_bytes_(budget_bytes) {}

  /// The value of `key`, read from the tree or made anew. Valid until shrink().
  Result<Value*> find(const Key& key, const storage::ReadTransaction& txn) {
    return find(key, [&](Value& value) -> Result<Unit> {
      LENSART_ASSIGN(const auto stored, txn.get(table_, storage::state_key(key)));
      if (!stored) return Unit{};
      auto decoded = Value::decode(*stored);
      if (!decoded) return fail(Errc::kStateCorrupt, std::string(kDamagedState));
      value = std::move(*decoded);
      return Unit{};
    });
  }

  /// The same for a value that is not one entry of the tree: `load(value)` fills it.
  template <class Load>
  requires std::is_invocable_v<Load, Value&> Result<Value*> find(const Key& key, Load&& load) {
    if (last_ != nullptr && last_->key == key) return &last_->value;
    if (const auto known = entries_.find(key); known != entries_.end()) {
      last_ = known->second.get();
      ring_[last_->slot].used = true;
      return &last_->value;
    }
    auto entry = std::make_unique<Entry>();
    entry->key = key;
    LENSART_TRY(load(entry->value));
    entry->bytes = entry->value.bytes() + kEntryBytes;
    used_bytes_ += entry->bytes;
    take_slot(*entry);
    last_ = entry.get();
    entries_.emplace(key, std::move(entry));
    return &last_->value;
  }

  /// The value of `key` was changed in the epoch under way. REQUIRES: it was found since shrink().
  void mark(const Key& key, EpochNumber epoch) {
    const bool found_last = last_ != nullptr && last_->key == key;
    Entry& entry = found_last ? *last_ : *entries_.find(key)->second;
    const std::size_t bytes = entry.value.bytes() + kEntryBytes;
    used_bytes_ += bytes - entry.bytes;
    entry.bytes = bytes;
    EpochNumber& changed_in = ring_[entry.slot].changed_in;
    if (changed_in == epoch) return;
    changed_in = epoch;
    changed_.push_back(&entry);
  }

  /// Calls `visit(key, value)` for everything changed since the last close, in key order.
  template <class Visit>
  void close_epoch(Visit&& visit) {
    std::sort(changed_.begin(), changed_.end(),
              [](const Entry* a, const Entry* b) { return a->key < b->key; });
    for (std::size_t i = 0; i < changed_.size(); ++i) {
      if constexpr (requires(const Value& value) { value.prefetch(); }) {
        if (i + 2 * kAhead < changed_.size()) __builtin_prefetch(&changed_[i + 2 * kAhead]->value);
        if (i + kAhead < changed_.size()) changed_[i + kAhead]->value.prefetch();
      }
      visit(changed_[i]->key, changed_[i]->value);
    }
    changed_.clear();
  }

  /// Forgets durable values above the budget, those first that were not used for a while (the
  /// CLOCK rule: a use costs one store, where a list would touch two neighbours).
  void shrink(EpochNumber durable) {
    last_ = nullptr;
    if (used_bytes_ <= budget_bytes_) return;
    if (durable == exhausted_at_ && used_bytes_ < exhausted_bytes_ + budget_bytes_ / 8) return;
    // Twice round: the first time takes away the marks of use.
    for (std::size_t left = 2 * ring_.size(); used_bytes_ > budget_bytes_ && left > 0; --left) {
      if (hand_ >= ring_.size()) hand_ = 0;
      Slot& slot = ring_[hand_++];
      if (slot.entry == nullptr || slot.changed_in > durable) continue;
      if (!std::exchange(slot.used, false)) drop(*slot.entry);
    }
    if (used_bytes_ <= budget_bytes_) return;
    exhausted_at_ = durable;
    exhausted_bytes_ = used_bytes_;
  }

  /// Forgets a value that was erased from the state. REQUIRES: it is not among the changed ones.
  void forget(const Key& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    last_ = nullptr;
    drop(*found->second);
  }

  std::size_t used_bytes() const { return used_bytes_; }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Key key{};
    Value value;
    std::size_t bytes = 0;
    std::size_t slot = 0;  ///< in the ring
  };
  /// A place in the ring, where the hand finds all that it asks for: the entry is far away.
  struct Slot {
    Entry* entry = nullptr;  ///< null where one was dropped
    EpochNumber changed_in = 0;
    bool used = false;  ///< since the hand was here
  };
  /// How many values ahead of the one at hand are fetched.
  static constexpr std::size_t kAhead = 4;

  /// With its places in the map, half full, and in the ring.
  static constexpr std::size_t kEntryBytes = sizeof(Entry) + 64;

  /// Where one was dropped, which is behind the hand: its turn comes last.
  void take_slot(Entry& entry) {
    if (free_slots_.empty()) {
      entry.slot = ring_.size();
      ring_.push_back({&entry, 0, false});
    } else {
      entry.slot = free_slots_.back();
      free_slots_.pop_back();
      ring_[entry.slot] = {&entry, 0, false};
    }
  }
  void drop(Entry& entry) {
    used_bytes_ -= entry.bytes;
    ring_[entry.slot].entry = nullptr;
    free_slots_.push_back(entry.slot);
    const Key key = entry.key;  // which dies with the entry
    entries_.erase(key);
  }

  storage::Table table_;
  std::size_t budget_bytes_;
  std::size_t used_bytes_ = 0;
  boost::unordered_flat_map<Key, std::unique_ptr<Entry>> entries_;
  std::vector<Entry*> changed_;
  std::vector<Slot> ring_;  ///< all entries, for the hand to go round
  std::vector<std::size_t> free_slots_;
  std::size_t hand_ = 0;
  /// With what was durable then all that could be was forgotten, down to so much: until it is more
  /// by an eighth of the budget another round is not worth it.
  std::optional<EpochNumber> exhausted_at_;
  std::size_t exhausted_bytes_ = 0;
  Entry* last_ = nullptr;  ///< that was found: it is nearly always the one that is marked
};

}  // namespace lensart::nodes
