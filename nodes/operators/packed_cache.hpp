/// Keyed state of one lane whose values lie encoded, but for those that the epoch under way is at.
#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/batch.hpp"
#include "graph/error.hpp"
#include "nodes/operators/damaged_state.hpp"
#include "nodes/operators/value_ring.hpp"
#include "storage/codec.hpp"
#include "storage/state_store.hpp"

namespace lensart::nodes {

/// For many values of which an epoch touches few: encoded, one takes half the memory that it takes
/// as an object, and lies in one piece. `Value` is default-constructible and has
///   `static bool decode(std::string_view, Value&)`, into one that was just constructed.
/// Threads: one at a time.
template <class Value>
class PackedCache {
 public:
  using Key = std::int64_t;

  PackedCache(storage::Table table, std::size_t budget_bytes)
      : table_(table), ring_(budget_bytes) {}

  /// The value of `key`, read from the tree or made anew. Valid until close_epoch() is over.
  Result<Value*> find(Key key, const storage::ReadTransaction& txn) {
    if (last_ != nullptr && last_->key == key) return &last_->value;
    if (const auto known = places_.find(key); known != places_.end()) {
      last_ = known->second;
      return &last_->value;
    }
    std::optional<std::string_view> encoded = ring_.find(key);
    const bool in_ring = encoded.has_value();
    if (!in_ring) {
      LENSART_ASSIGN(encoded, txn.get(table_, storage::state_key(key)));
    }
    Open& open = open_.emplace_back();
    if (encoded && !Value::decode(*encoded, open.value)) {
      return fail(Errc::kStateCorrupt, std::string(kDamagedState));
    }
    if (encoded && !in_ring) ring_.put(key, *encoded, 0);
    open.key = key;
    places_.emplace(key, &open);
    last_ = &open;
    return &open.value;
  }

  /// Has the processor fetch the value of `key`, which is asked for shortly.
  void prefetch(Key key) const { ring_.prefetch(key); }

  /// The value of `key` was changed in the epoch under way. REQUIRES: it was found in it.
  void mark(Key key) {
    Open& open = last_ != nullptr && last_->key == key ? *last_ : *places_.find(key)->second;
    if (open.changed) return;
    open.changed = true;
    changed_.push_back(&open);
  }

  /// Calls `encode(key, value)` for everything changed since the last close, in key order; it
  /// returns a view of the encoded value, which is what the tree is to hold.
  template <class Encode>
  void close_epoch(EpochNumber epoch, Encode&& encode) {
    std::sort(changed_.begin(), changed_.end(),
              [](const Open* a, const Open* b) { return a->key < b->key; });
    for (std::size_t i = 0; i < changed_.size(); ++i) {
      if (i + kAhead < changed_.size()) ring_.prefetch(changed_[i + kAhead]->key);
      Open& open = *changed_[i];
      ring_.put(open.key, encode(open.key, open.value), epoch);
    }
    changed_.clear();
    last_ = nullptr;
    places_.clear();
    open_.clear();  // and their memory is the commit's
  }

  /// Epochs up to `epoch` are in the tree.
  void set_durable(EpochNumber epoch) { ring_.set_durable(epoch); }

  /// Forgets a value that was erased from the state. REQUIRES: it is not among the changed ones.
  void forget(Key key) {
    last_ = nullptr;
    places_.erase(key);
    ring_.forget(key);
  }

  std::size_t used_bytes() const { return ring_.used_bytes(); }
  /// How many values lie encoded.
  std::size_t size() const { return ring_.size(); }

 private:
  struct Open {
    Key key = 0;
    bool changed = false;
    Value value;
  };

  /// How many values ahead of the one at hand are fetched.
  static constexpr std::size_t kAhead = 4;

  storage::Table table_;
  ValueRing ring_;
  std::deque<Open> open_;  ///< of the epoch under way
  boost::unordered_flat_map<Key, Open*> places_;
  std::vector<Open*> changed_;
  Open* last_ = nullptr;  ///< that was found: it is nearly always the one that is marked
};

}  // namespace lensart::nodes
