#include "storage/change_log.hpp"

#include <algorithm>

#include "storage/log_format.hpp"
#include "storage/place_writer.hpp"

namespace lensart::storage {

namespace {

constexpr std::uint64_t kPage = 4096;
/// So many keys are folded in one transaction, whose pages LMDB keeps in memory for good: in the
/// worst case one of the tree for each key, 4 MiB.
constexpr std::uint64_t kStretchKeys = 1024;
/// The most that an epoch makes due: so many, and twice as many as it changes.
constexpr std::uint64_t kFoldedKeys = 4096;

std::uint64_t pages_of(std::size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

}  // namespace

Result<Unit> ChangeLog::load(const ReadTransaction& txn) {
  LENSART_ASSIGN(const auto last, txn.last_key(tables_.log()));
  progress_ = FoldProgress{};
  if (last) progress_.next_chunk = progress_.round_began = key_to_u64(*last) + 1;
  if (progress_.next_chunk > kMaxLogChunk) return log_damaged();
  // All is old, and there is as much time to fold it as keeps the log within two rounds; not less
  // than a quarter of one, lest a start be slow, until starts have made three of it.
  LENSART_ASSIGN(const std::uint64_t bytes, txn.bytes(tables_.log()));
  if (bytes > round_bytes_) progress_.grown_bytes = bytes - round_bytes_;
  if (bytes < 3 * round_bytes_) {
    progress_.grown_bytes = std::min(progress_.grown_bytes, round_bytes_ / 4 * 3);
  }
  for (const LoggedTree& tree : tables_.trees()) {
    LENSART_ASSIGN(const std::uint64_t keys, txn.count_places(tree));
    progress_.old_keys += keys;
  }
  return Unit{};
}

Result<FoldProgress> ChangeLog::write(WriteTransaction& txn,
                                      std::span<const StateChange> changes) const {
  FoldProgress progress = progress_;
  LENSART_ASSIGN(const std::uint64_t appended, append(txn, changes, progress));
  if (appended == 0) return progress;
  // As large a part of the old keys as the epoch is of what the round has left: even work at any
  // load, and all that remains at the end. Of those that an epoch writes anew nothing is to be
  // done, so it ends earlier. Where there is much to catch up the round lasts longer instead.
  const std::uint64_t left =
      round_bytes_ > progress.grown_bytes ? round_bytes_ - progress.grown_bytes : 0;
  const bool is_last = left <= appended;
  progress.grown_bytes += appended;
  const std::uint64_t most = kFoldedKeys + 2 * changes.size();
  const std::uint64_t share = is_last ? most : progress.old_keys * appended / left + 1;
  progress.due_keys = std::min(progress.due_keys + share, most);
  return progress;
}

bool ChangeLog::is_folding_due() const {
  const bool all_folded = progress_.tree == tables_.trees().size();
  return all_folded ? progress_.grown_bytes >= round_bytes_ : progress_.due_keys >= kStretchKeys;
}

Result<FoldProgress> ChangeLog::fold(WriteTransaction& txn) const {
  FoldProgress progress = progress_;
  std::uint64_t keys = kStretchKeys;
  while (keys > 0 && progress.tree < tables_.trees().size()) {
    LENSART_ASSIGN(const std::uint64_t folded, fold_stretch(txn, keys, progress));
    const bool more = folded == keys;
    keys -= folded;
    progress.due_keys -= std::min(progress.due_keys, folded);
    progress.old_keys -= std::min(progress.old_keys, folded);
    if (more) continue;
    progress.key.clear();
    ++progress.tree;
  }
  const bool all_folded = progress.tree == tables_.trees().size();
  if (all_folded && progress.grown_bytes >= round_bytes_) LENSART_TRY(end_round(txn, progress));
  return progress;
}

/// Everything that stood in the log when the round began has been folded or written anew.
Result<Unit> ChangeLog::end_round(WriteTransaction& txn, FoldProgress& progress) const {
  LENSART_TRY(txn.erase_range(tables_.log(), "", key_of(progress.round_began)));
  FoldProgress next;
  next.next_chunk = next.round_began = progress.next_chunk;
  for (const LoggedTree& tree : tables_.trees()) {
    LENSART_ASSIGN(const std::uint64_t keys, txn.count_places(tree));
    next.old_keys += keys;
  }
  progress = std::move(next);
  return Unit{};
}

/// Returns the bytes that the log has grown by.
Result<std::uint64_t> ChangeLog::append(WriteTransaction& txn, std::span<const StateChange> changes,
                                        FoldProgress& progress) const {
  std::uint64_t appended = 0;
  std::string chunk;
  chunk.reserve(kLogChunkBytes);
  PlaceWriter places(txn);
  const auto flush = [&]() -> Result<Unit> {
    LENSART_TRY(txn.append(tables_.log(), key_of(progress.next_chunk++), chunk));
    appended += pages_of(chunk.size());
    chunk.clear();
    return Unit{};
  };
  for (const StateChange& change : changes) {
    const LogEntry entry{change.key, change.value};
    if (!chunk.empty() && chunk.size() + log_entry_size(entry) > kLogChunkBytes) {
      LENSART_TRY(flush());
    }
    const LogPlace place{progress.next_chunk, static_cast<std::uint32_t>(chunk.size())};
    append_log_entry(chunk, entry);
    LENSART_TRY(places.put(tables_.at(change.table), change.key, place));
  }
  LENSART_TRY(places.finish());
  if (!chunk.empty()) LENSART_TRY(flush());
  return appended;
}

/// Folds the next `keys` old ones of a tree. Returns how many it was; fewer at the end of the tree.
Result<std::uint64_t> ChangeLog::fold_stretch(WriteTransaction& txn, std::uint64_t keys,
                                              FoldProgress& progress) const {
  const LoggedTree& tree = tables_.trees()[progress.tree];
  // A copy: what lies in a page may move while the tree is written.
  ChangeSet stretch;
  {
    LENSART_ASSIGN(PlaceCursor cursor, txn.places(tree, progress.key));
    for (; cursor.valid() && stretch.items.size() < keys;) {
      if (cursor.place().chunk < progress.round_began) {  // others are of this round: the next's
        LENSART_ASSIGN(const auto value, txn.fetch_logged(cursor.key(), cursor.place()));
        if (value) {
          stretch.put(tree.tree, cursor.key(), *value);
        } else {
          stretch.erase(tree.tree, cursor.key());
        }
      }
      LENSART_TRY(cursor.next());
    }
  }
  PlaceWriter places(txn);
  for (const ChangeSet::Item& item : stretch.items) {
    const StateChange change = stretch.at(item);
    if (change.value) {
      LENSART_TRY(txn.put_sorted(change.table, change.key, *change.value));
    } else {
      LENSART_TRY(txn.erase(change.table, change.key));
    }
  }
  for (const ChangeSet::Item& item : stretch.items) {
    LENSART_TRY(places.erase(tree, stretch.at(item).key));
  }
  LENSART_TRY(places.finish());
  if (!stretch.items.empty()) {
    progress.key = stretch.at(stretch.items.back()).key;
    progress.key.push_back('\0');  // the least key after the last
  }
  return stretch.items.size();
}

}  // namespace lensart::storage
