#include "storage/lmdb_raw.hpp"

#include <fmt/format.h>

#include <cerrno>

namespace lensart::storage {

tl::unexpected<Error> lmdb_error(int rc, std::string_view doing) {
  switch (rc) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
      return fail(Errc::kStateCorrupt,
                  fmt::format("the state is damaged ({}, while {}); restore a backup or run "
                              "`lensart state adopt`",
                              mdb_strerror(rc), doing));
    case MDB_MAP_FULL:
      return fail(Errc::kStateFull, fmt::format("the state's map is full (while {})", doing));
    case ENOSPC:
      return fail(
          Errc::kStateFailed,
          fmt::format("no room left on the disk of the state directory (while {}); free some "
                      "and start again: nothing is lost",
                      doing));
    default:
      return fail(Errc::kStateFailed, fmt::format("the state's storage failed: {} (while {})",
                                                  mdb_strerror(rc), doing));
  }
}

Result<std::optional<std::string_view>> get_raw(MDB_txn* txn, MDB_dbi table, std::string_view key) {
  MDB_val k = to_val(key);
  MDB_val value{};
  const int rc = mdb_get(txn, table, &k, &value);
  if (rc == 0) return to_view(value);
  if (rc == MDB_NOTFOUND) return std::nullopt;
  return lmdb_error(rc, "reading");
}

Result<std::uint64_t> count_raw(MDB_txn* txn, MDB_dbi table) {
  MDB_stat stat{};
  if (const int rc = mdb_stat(txn, table, &stat); rc != 0) return lmdb_error(rc, "counting");
  return stat.ms_entries;
}

Result<RawCursor> RawCursor::at(MDB_txn* txn, MDB_dbi table, std::string_view from) {
  MDB_cursor* raw = nullptr;
  if (const int rc = mdb_cursor_open(txn, table, &raw); rc != 0) return lmdb_error(rc, "scanning");
  RawCursor cursor(raw);
  LENSART_TRY(cursor.move(from.empty() ? MDB_FIRST : MDB_SET_RANGE, from));
  return cursor;
}

Result<Unit> RawCursor::move(MDB_cursor_op operation, std::string_view from) {
  MDB_val key = to_val(from);
  MDB_val value{};
  const int rc = mdb_cursor_get(cursor_.get(), &key, &value, operation);
  valid_ = rc == 0;
  if (valid_) {
    key_ = to_view(key);
    value_ = to_view(value);
  } else if (rc != MDB_NOTFOUND) {
    return lmdb_error(rc, "scanning");
  }
  return Unit{};
}

}  // namespace lensart::storage
