/// Changes to keyed state, as the lanes hand them over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/lmdb.hpp"

namespace lensart::storage {

/// A change to one key of keyed state. The views live as long as the change set they came in.
struct StateChange {
  Table table = 0;
  std::string_view key;
  std::optional<std::string_view> value;  ///< empty: erase
};

/// What one lane of one node wants written with an epoch. Owns its bytes.
struct ChangeSet {
  /// The keys and values, each in one of these. One is begun when the one before is full, so that
  /// growing moves nothing and takes no more than it needs.
  std::vector<std::string> blocks;
  struct Item {
    Table table;
    std::uint32_t block, key_at, key_size, value_at, value_size;
    bool erase;
  };
  std::vector<Item> items;

  void put(Table table, std::string_view key, std::string_view value);
  /// The same for a value that the caller appends to the returned string before end_put().
  std::string& begin_put(Table table, std::string_view key);
  void end_put();
  void erase(Table table, std::string_view key);
  StateChange at(const Item& item) const;

 private:
  std::string& open_block();
};

/// The changes of all lanes in the order of the trees, the last of several to one key alone.
std::vector<StateChange> sorted_changes(const std::vector<ChangeSet>& sets);

}  // namespace lensart::storage
