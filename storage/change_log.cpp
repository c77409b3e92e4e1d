#include "storage/change_log.hpp"

#include "storage/log_format.hpp"

namespace lensart::storage {

namespace {

constexpr std::uint64_t kPage = 4096;

std::uint64_t pages_of(std::size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

}  // namespace

Result<Unit> ChangeLog::load(const ReadTransaction& txn) {
  LENSART_ASSIGN(const auto last, txn.last_key(tables_.log()));
  progress_ = FoldProgress{};
  if (last) progress_.next_chunk = progress_.round_began = key_to_u64(*last) + 1;
  return Unit{};
}

Result<FoldProgress> ChangeLog::write(WriteTransaction& txn,
                                      std::span<const StateChange> changes) const {
  FoldProgress progress = progress_;
  LENSART_ASSIGN(const std::uint64_t appended, append(txn, changes, progress));
  if (appended == 0) return progress;
  std::uint64_t recent = 0;
  for (const LoggedTables::Entry& entry : tables_.entries()) {
    LENSART_ASSIGN(const std::uint64_t count, txn.count(entry.recent));
    recent += count;
  }
  // As large a part of the keys as the epoch is of what the round has left: even work at any load,
  // and all that remains at the end. The keys behind the stretch count too, so it ends earlier.
  const std::uint64_t left =
      round_bytes_ > progress.grown_bytes ? round_bytes_ - progress.grown_bytes : 0;
  const std::uint64_t share = left > appended ? recent * appended / left : recent;
  progress.grown_bytes += appended;
  LENSART_TRY(fold(txn, share + 1, progress));
  return progress;
}

/// Returns the bytes that the log has grown by.
Result<std::uint64_t> ChangeLog::append(WriteTransaction& txn, std::span<const StateChange> changes,
                                        FoldProgress& progress) const {
  std::uint64_t appended = 0;
  std::string chunk;
  chunk.reserve(kLogChunkBytes);
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
    LENSART_TRY(txn.put(tables_.recent_of(change.table), change.key, encode(place)));
  }
  if (!chunk.empty()) LENSART_TRY(flush());
  return appended;
}

Result<Unit> ChangeLog::fold(WriteTransaction& txn, std::uint64_t keys,
                             FoldProgress& progress) const {
  while (keys > 0) {
    LENSART_ASSIGN(const std::uint64_t folded, fold_stretch(txn, keys, progress));
    if (folded == keys) return Unit{};
    keys -= folded;
    progress.key.clear();
    if (++progress.tree < tables_.entries().size()) continue;
    progress.tree = 0;
    LENSART_TRY(txn.erase_range(tables_.log(), "", key_of(progress.round_began)));
    progress.round_began = progress.next_chunk;
    progress.grown_bytes = 0;
    return Unit{};
  }
  return Unit{};
}

/// Returns how many it was; fewer than `keys` at the end of the tree.
Result<std::uint64_t> ChangeLog::fold_stretch(WriteTransaction& txn, std::uint64_t keys,
                                              FoldProgress& progress) const {
  const LoggedTables::Entry& entry = tables_.entries()[progress.tree];
  // A copy: what lies in a page may move while the tree is written.
  ChangeSet stretch;
  Result<Unit> read = Unit{};
  LENSART_TRY(txn.scan(entry.recent, progress.key, [&](std::string_view key, std::string_view at) {
    const auto value = txn.fetch_logged(key, at);
    if (!value) {
      read = tl::unexpected(value.error());
      return false;
    }
    if (*value) {
      stretch.put(entry.tree, key, **value);
    } else {
      stretch.erase(entry.tree, key);
    }
    return stretch.items.size() < keys;
  }));
  LENSART_TRY(read);
  if (stretch.items.empty()) return 0;
  for (const ChangeSet::Item& item : stretch.items) {
    const StateChange change = stretch.at(item);
    if (change.value) {
      LENSART_TRY(txn.put(change.table, change.key, *change.value));
    } else {
      LENSART_TRY(txn.erase(change.table, change.key));
    }
  }
  std::string beyond(stretch.at(stretch.items.back()).key);
  beyond.push_back('\0');  // the least key after the last
  LENSART_TRY(txn.erase_range(entry.recent, progress.key, beyond));
  progress.key = std::move(beyond);
  return stretch.items.size();
}

}  // namespace lensart::storage
