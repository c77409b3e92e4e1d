/// What the wrappers of LMDB share below the surface: errors, a look-up, a cursor.
#pragma once

#include <lmdb.h>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "graph/error.hpp"

namespace lensart::storage {

inline constexpr unsigned kMaxTables = 32;
/// LMDB's own two come first: free pages, and the names of the others.
inline constexpr unsigned kOwnTables = 2;

using ScanVisit = std::function<bool(std::string_view key, std::string_view value)>;

inline MDB_val to_val(std::string_view text) {
  return MDB_val{text.size(), const_cast<char*>(text.data())};
}
inline std::string_view to_view(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

/// `doing` is how the message ends: "while scanning".
tl::unexpected<Error> lmdb_error(int rc, std::string_view doing);

Result<std::optional<std::string_view>> get_raw(MDB_txn* txn, MDB_dbi table, std::string_view key);

Result<std::uint64_t> count_raw(MDB_txn* txn, MDB_dbi table);

/// Goes forward over one tree. Views live as long as the transaction's.
class RawCursor {
 public:
  /// Stands before the first key that is not less than `from`.
  static Result<RawCursor> at(MDB_txn* txn, MDB_dbi table, std::string_view from);
  /// False at the end.
  bool valid() const { return valid_; }
  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }
  Result<Unit> next() { return move(MDB_NEXT, {}); }

 private:
  explicit RawCursor(MDB_cursor* cursor) : cursor_(cursor, &mdb_cursor_close) {}
  Result<Unit> move(MDB_cursor_op operation, std::string_view from);

  std::unique_ptr<MDB_cursor, decltype(&mdb_cursor_close)> cursor_;
  bool valid_ = false;
  std::string_view key_;
  std::string_view value_;
};

}  // namespace lensart::storage
