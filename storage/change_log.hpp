/// The writing side of the logged trees (storage/logged_tables.hpp). Why it folds apart from the
/// epochs: docs/adr/0015-folding-after-the-epoch.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "storage/change_set.hpp"
#include "storage/lmdb.hpp"
#include "storage/logged_tables.hpp"

namespace lensart::storage {

/// How far the folding has come: in each round once over the keys of all logged trees.
struct FoldProgress {
  std::uint64_t next_chunk = 0;
  /// A round folds what stands in the chunks before this one, unless it is written anew meanwhile;
  /// once it is over they are of no use.
  std::uint64_t round_began = 0;
  std::uint64_t grown_bytes = 0;  ///< the log, since then
  std::uint64_t old_keys = 0;     ///< that are left to fold, or more
  std::uint64_t due_keys = 0;     ///< of them, for what the log has grown by
  std::size_t tree = 0;           ///< which of LoggedTables::trees(); their number once through
  std::string key;                ///< where in it the next stretch begins
};

/// Threads: the writer's.
class ChangeLog {
 public:
  /// `round_bytes`: by how much the log grows in a round. So it is about twice as large at
  /// most.
  ChangeLog(const LoggedTables& tables, std::uint64_t round_bytes)
      : tables_(tables), round_bytes_(round_bytes) {}

  /// Where the log ends. A round begins anew with each start, a shorter one.
  Result<Unit> load(const ReadTransaction& txn);

  // Both return what to hand to advance() once the transaction is durable.

  /// Writes changes to logged trees, sorted.
  Result<FoldProgress> write(WriteTransaction& txn, std::span<const StateChange> changes) const;
  /// Folds a stretch of old ones. To be called, a transaction each, while is_folding_due().
  Result<FoldProgress> fold(WriteTransaction& txn) const;
  bool is_folding_due() const;
  void advance(FoldProgress progress) { progress_ = std::move(progress); }

 private:
  Result<std::uint64_t> append(WriteTransaction& txn, std::span<const StateChange> changes,
                               FoldProgress& progress) const;
  Result<Unit> end_round(WriteTransaction& txn, FoldProgress& progress) const;
  Result<std::uint64_t> fold_stretch(WriteTransaction& txn, std::uint64_t keys,
                                     FoldProgress& progress) const;

  const LoggedTables& tables_;
  std::uint64_t round_bytes_;
  FoldProgress progress_;
};

}  // namespace lensart::storage
