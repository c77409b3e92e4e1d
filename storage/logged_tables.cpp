#include "storage/logged_tables.hpp"

#include "storage/log_format.hpp"

namespace lensart::storage {

void LoggedTables::set(const LoggedTree& tree) {
  if (contains(tree.tree)) {
    trees_[index_[tree.tree] - 1U] = tree;
    return;
  }
  trees_.push_back(tree);
  index_.at(tree.tree) = static_cast<std::uint8_t>(trees_.size());
}

Result<std::optional<std::string_view>> LoggedTables::fetch(MDB_txn* txn, std::string_view key,
                                                            const LogPlace& place) const {
  LENSART_ASSIGN(const auto chunk, get_raw(txn, log_, key_of(place.chunk)));
  const auto entry = chunk ? read_log_entry(*chunk, place.offset) : std::nullopt;
  if (entry && entry->key == key) return entry->value;
  return log_damaged();
}

Result<std::optional<std::string_view>> LoggedTables::get(MDB_txn* txn, MDB_dbi tree,
                                                          std::string_view key) const {
  LENSART_ASSIGN(const auto place, find_place(txn, at(tree), key));
  if (place) return fetch(txn, key, *place);
  return get_raw(txn, tree, key);
}

Result<Unit> LoggedTables::scan(MDB_txn* txn, MDB_dbi tree, std::string_view from,
                                const ScanVisit& visit) const {
  LENSART_ASSIGN(RawCursor older, RawCursor::at(txn, tree, from));
  LENSART_ASSIGN(PlaceCursor newer, PlaceCursor::at(txn, at(tree), from));
  while (older.valid() || newer.valid()) {
    if (!newer.valid() || (older.valid() && older.key() < newer.key())) {
      if (!visit(older.key(), older.value())) return Unit{};
      LENSART_TRY(older.next());
      continue;
    }
    if (older.valid() && older.key() == newer.key()) LENSART_TRY(older.next());
    LENSART_ASSIGN(const auto value, fetch(txn, newer.key(), newer.place()));
    if (value && !visit(newer.key(), *value)) return Unit{};
    LENSART_TRY(newer.next());
  }
  return Unit{};
}

Result<std::uint64_t> LoggedTables::count(MDB_txn* txn, MDB_dbi tree) const {
  LENSART_ASSIGN(std::uint64_t count, count_raw(txn, tree));
  LENSART_ASSIGN(PlaceCursor newer, PlaceCursor::at(txn, at(tree), ""));
  while (newer.valid()) {
    LENSART_ASSIGN(const auto value, fetch(txn, newer.key(), newer.place()));
    LENSART_ASSIGN(const auto older, get_raw(txn, tree, newer.key()));
    if (value && !older) ++count;
    if (!value && older) --count;
    LENSART_TRY(newer.next());
  }
  return count;
}

}  // namespace lensart::storage
