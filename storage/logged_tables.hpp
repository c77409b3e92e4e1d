/// Trees that are a log first.
///
/// Sparse puts all over a large tree cost a page each, and the pages lie scattered over the file.
/// So the changes of an epoch are appended to one log, and beside each such tree a small one says
/// where in the log the newest value of a key stands (storage/log_places.hpp). Between epochs
/// stretches of neighbouring keys that have lain there for a while are folded into the tree itself,
/// so that the log stays bounded. Readers are shown one tree. Formats: docs/state-format.md, log.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/error.hpp"
#include "storage/lmdb_raw.hpp"
#include "storage/log_places.hpp"

namespace lensart::storage {

/// Which trees are logged, and what a reader sees of them. Threads: any, once all are added.
class LoggedTables {
 public:
  /// Adds a tree, or says anew how its places are kept.
  void set(const LoggedTree& tree);
  void set_log(MDB_dbi log) { log_ = log; }

  MDB_dbi log() const { return log_; }
  const std::vector<LoggedTree>& trees() const { return trees_; }
  bool contains(MDB_dbi tree) const { return index_[tree] != 0; }
  /// REQUIRES, here and below: contains(tree).
  const LoggedTree& at(MDB_dbi tree) const { return trees_[index_[tree] - 1U]; }

  /// The newest value.
  Result<std::optional<std::string_view>> get(MDB_txn* txn, MDB_dbi tree,
                                              std::string_view key) const;
  Result<Unit> scan(MDB_txn* txn, MDB_dbi tree, std::string_view from,
                    const ScanVisit& visit) const;
  Result<std::uint64_t> count(MDB_txn* txn, MDB_dbi tree) const;

  /// What the log holds for `key` at `place`: nothing when the key was erased. Fails with
  /// kStateCorrupt.
  Result<std::optional<std::string_view>> fetch(MDB_txn* txn, std::string_view key,
                                                const LogPlace& place) const;

 private:
  /// In trees_, plus one, by tree; 0 where it is not logged.
  std::array<std::uint8_t, kMaxTables + kOwnTables> index_{};
  std::vector<LoggedTree> trees_;
  MDB_dbi log_ = 0;
};

}  // namespace lensart::storage
