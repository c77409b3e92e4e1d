#include "storage/logged_tables.hpp"

#include "storage/log_format.hpp"

namespace lensart::storage {

Result<std::optional<std::string_view>> LoggedTables::fetch(MDB_txn* txn, std::string_view key,
                                                            std::string_view place) const {
  const auto at = decode_log_place(place);
  if (at) {
    LENSART_ASSIGN(const auto chunk, get_raw(txn, log_, key_of(at->chunk)));
    const auto entry = chunk ? read_log_entry(*chunk, at->offset) : std::nullopt;
    if (entry && entry->key == key) return entry->value;
  }
  return fail(Errc::kStateCorrupt,
              "the state's log of changes is damaged; restore a backup or run "
              "`lensart state adopt`");
}

Result<std::optional<std::string_view>> LoggedTables::get(MDB_txn* txn, MDB_dbi tree,
                                                          std::string_view key) const {
  LENSART_ASSIGN(const auto place, get_raw(txn, recent_[tree], key));
  if (place) return fetch(txn, key, *place);
  return get_raw(txn, tree, key);
}

Result<Unit> LoggedTables::scan(MDB_txn* txn, MDB_dbi tree, std::string_view from,
                                const ScanVisit& visit) const {
  LENSART_ASSIGN(RawCursor older, RawCursor::at(txn, tree, from));
  LENSART_ASSIGN(RawCursor newer, RawCursor::at(txn, recent_[tree], from));
  while (older.valid() || newer.valid()) {
    if (!newer.valid() || (older.valid() && older.key() < newer.key())) {
      if (!visit(older.key(), older.value())) return Unit{};
      LENSART_TRY(older.next());
      continue;
    }
    if (older.valid() && older.key() == newer.key()) LENSART_TRY(older.next());
    LENSART_ASSIGN(const auto value, fetch(txn, newer.key(), newer.value()));
    if (value && !visit(newer.key(), *value)) return Unit{};
    LENSART_TRY(newer.next());
  }
  return Unit{};
}

Result<std::uint64_t> LoggedTables::count(MDB_txn* txn, MDB_dbi tree) const {
  MDB_stat stat{};
  if (const int rc = mdb_stat(txn, tree, &stat); rc != 0) return lmdb_error(rc, "counting");
  std::uint64_t count = stat.ms_entries;
  LENSART_ASSIGN(RawCursor newer, RawCursor::at(txn, recent_[tree], ""));
  for (; newer.valid();) {
    LENSART_ASSIGN(const auto value, fetch(txn, newer.key(), newer.value()));
    LENSART_ASSIGN(const auto older, get_raw(txn, tree, newer.key()));
    if (value && !older) ++count;
    if (!value && older) --count;
    LENSART_TRY(newer.next());
  }
  return count;
}

}  // namespace lensart::storage
