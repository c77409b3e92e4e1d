#include "storage/change_set.hpp"

#include <algorithm>
#include <cstring>

namespace lensart::storage {

namespace {

constexpr std::size_t kFullBlockBytes = 120 << 10;
/// No more than this lies behind the bytes of a full block, as a rule.
constexpr std::size_t kUsualEntryBytes = 8 << 10;

struct SortedChange {
  std::uint64_t prefix;  ///< the key's first eight bytes, which nearly always decide
  StateChange change;
};

std::uint64_t prefix_of(std::string_view key) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, key.data(), std::min(key.size(), sizeof(bytes)));
  return __builtin_bswap64(bytes);
}

}  // namespace

void ChangeSet::put(Table table, std::string_view key, std::string_view value) {
  begin_put(table, key).append(value);
  end_put();
}

std::string& ChangeSet::open_block() {
  if (blocks.empty()) {
    blocks.emplace_back();  // which grows as it needs: most sets are small
  } else if (blocks.back().size() >= kFullBlockBytes) {
    blocks.emplace_back().reserve(kFullBlockBytes + kUsualEntryBytes);
  }
  return blocks.back();
}

std::string& ChangeSet::begin_put(Table table, std::string_view key) {
  std::string& block = open_block();
  const auto at = static_cast<std::uint32_t>(block.size());
  const auto size = static_cast<std::uint32_t>(key.size());
  block.append(key);
  items.push_back(
      {table, static_cast<std::uint32_t>(blocks.size() - 1), at, size, at + size, 0, false});
  return block;
}

void ChangeSet::end_put() {
  Item& item = items.back();
  item.value_size = static_cast<std::uint32_t>(blocks.back().size() - item.value_at);
}

void ChangeSet::erase(Table table, std::string_view key) {
  begin_put(table, key);
  items.back().erase = true;
}

StateChange ChangeSet::at(const Item& item) const {
  const std::string_view all = blocks[item.block];
  StateChange change{item.table, all.substr(item.key_at, item.key_size), std::nullopt};
  if (!item.erase) change.value = all.substr(item.value_at, item.value_size);
  return change;
}

std::vector<StateChange> sorted_changes(const std::vector<ChangeSet>& sets) {
  std::vector<SortedChange> sorted;
  std::size_t count = 0;
  for (const ChangeSet& set : sets) count += set.items.size();
  sorted.reserve(count);
  for (const ChangeSet& set : sets) {
    for (const ChangeSet::Item& item : set.items) {
      const StateChange change = set.at(item);
      sorted.push_back({prefix_of(change.key), change});
    }
  }
  // Stable: of several changes to one key, in one set, the last one stands.
  std::stable_sort(sorted.begin(), sorted.end(), [](const SortedChange& a, const SortedChange& b) {
    if (a.change.table != b.change.table) return a.change.table < b.change.table;
    return a.prefix != b.prefix ? a.prefix < b.prefix : a.change.key < b.change.key;
  });
  std::vector<StateChange> changes;
  changes.reserve(count);
  for (const SortedChange& entry : sorted) {
    const bool same = !changes.empty() && changes.back().table == entry.change.table &&
                      changes.back().key == entry.change.key;
    if (same) {
      changes.back() = entry.change;
    } else {
      changes.push_back(entry.change);
    }
  }
  return changes;
}

}  // namespace lensart::storage
