/// Trees that are a log first.
///
/// Sparse puts all over a large tree cost a page each, and the pages lie scattered over the file.
/// So the changes of an epoch are appended to one log, and beside each such tree a small one,
/// `NAME.recent`, says where in the log the newest value of a key stands. Between epochs stretches
/// of neighbouring keys that have lain there for a while are folded into the tree itself, so that
/// the log stays bounded. Readers are shown one tree. Formats: docs/state-format.md, log.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/error.hpp"
#include "storage/lmdb_raw.hpp"

namespace lensart::storage {

/// Which trees are logged, and what a reader sees of them. Threads: any, once all are added.
class LoggedTables {
 public:
  struct Entry {
    MDB_dbi tree = 0;
    MDB_dbi recent = 0;
  };

  void add(MDB_dbi tree, MDB_dbi recent) {
    recent_.at(tree) = recent;
    entries_.push_back({tree, recent});
  }
  void set_log(MDB_dbi log) { log_ = log; }

  MDB_dbi log() const { return log_; }
  const std::vector<Entry>& entries() const { return entries_; }
  bool contains(MDB_dbi tree) const { return recent_[tree] != 0; }
  MDB_dbi recent_of(MDB_dbi tree) const { return recent_[tree]; }

  /// The newest value. REQUIRES, here and below: contains(tree).
  Result<std::optional<std::string_view>> get(MDB_txn* txn, MDB_dbi tree,
                                              std::string_view key) const;
  Result<Unit> scan(MDB_txn* txn, MDB_dbi tree, std::string_view from,
                    const ScanVisit& visit) const;
  Result<std::uint64_t> count(MDB_txn* txn, MDB_dbi tree) const;

  /// What the log holds for `key` at `place`, a value of `NAME.recent`: nothing when the key was
  /// erased. Fails with kStateCorrupt.
  Result<std::optional<std::string_view>> fetch(MDB_txn* txn, std::string_view key,
                                                std::string_view place) const;

 private:
  std::array<MDB_dbi, kMaxTables + kOwnTables> recent_{};  ///< by tree; 0 where it is not logged
  std::vector<Entry> entries_;
  MDB_dbi log_ = 0;
};

}  // namespace lensart::storage
