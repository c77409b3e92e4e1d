/// Where in the log the newest values of a logged tree's keys stand (storage/logged_tables.hpp).
///
/// An entry a key takes 30 bytes, and an epoch writes a page for every ten keys it changes. Where
/// the keys are numbers, 64 neighbours therefore share an entry, of eight bytes each: ADR 21.
/// Formats: docs/state-format.md, log.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "graph/error.hpp"
#include "storage/lmdb_raw.hpp"
#include "storage/log_format.hpp"

namespace lensart::storage {

/// How the places of a tree are kept.
enum class PlaceLayout : std::uint8_t {
  kByKey,    ///< in `NAME.recent`, an entry a key
  kGrouped,  ///< in `NAME.recent64`; its keys are numbers, eight bytes each
};

struct LoggedTree {
  MDB_dbi tree = 0;
  MDB_dbi recent = 0;
  PlaceLayout layout = PlaceLayout::kByKey;
};

/// What the reader of a damaged log is told.
tl::unexpected<Error> log_damaged();

/// Nothing for a key whose value is in the tree itself, or nowhere. Fails with kStateCorrupt.
Result<std::optional<LogPlace>> find_place(MDB_txn* txn, const LoggedTree& tree,
                                           std::string_view key);

/// How many keys have a place.
Result<std::uint64_t> count_places(MDB_txn* txn, const LoggedTree& tree);

/// Goes over the places of a tree in the order of the keys. Lives no longer than the transaction.
class PlaceCursor {
 public:
  /// Stands before the first key that is not less than `from`. Fails, as next() does, with
  /// kStateCorrupt.
  static Result<PlaceCursor> at(MDB_txn* txn, const LoggedTree& tree, std::string_view from);
  /// False at the end.
  bool valid() const { return raw_.valid(); }
  /// Valid until next().
  std::string_view key() const;
  const LogPlace& place() const { return place_; }
  Result<Unit> next();

 private:
  PlaceCursor(RawCursor raw, PlaceLayout layout) : raw_(std::move(raw)), layout_(layout) {}
  Result<Unit> enter();
  Result<Unit> take();

  RawCursor raw_;
  PlaceLayout layout_;
  PlaceGroup group_;                               ///< what raw_ stands on, if places are grouped
  std::size_t index_ = 0;                          ///< in it
  std::array<char, sizeof(std::uint64_t)> key_{};  ///< the number there
  LogPlace place_;
};

}  // namespace lensart::storage
