/// Keyed state, source positions and outbox of one pipeline, committed together or not at all.
///
/// LMDB is the only truth of the pipeline; the database and the dead-letter topic follow it through
/// the outbox. Formats: docs/state-format.md.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/error.hpp"
#include "storage/change_log.hpp"
#include "storage/change_set.hpp"
#include "storage/directory_lock.hpp"
#include "storage/epoch.hpp"
#include "storage/lmdb.hpp"

namespace lensart::storage {

struct StateMeta;

struct StateStoreOptions {
  std::string directory;                       ///< made if missing
  std::string pipeline = "lensart";            ///< a state belongs to one pipeline
  std::string fingerprint;                     ///< of the settings that enter a table
  std::uint64_t max_size_bytes = 64ULL << 30;  ///< `state.max_size`
  std::uint64_t log_bytes = 128ULL << 20;      ///< half of what the log of changes may take
  bool read_only = false;                      ///< for commands beside a stopped pipeline
  /// A state that is made anew: where its chain begins, and how far Kafka was read. Nothing: at a
  /// genesis of its own.
  std::optional<ChainRecord> begins_at;
  std::vector<SourcePosition> begins_positions;
};

struct OutboxChunk {
  std::uint8_t lane = 0;
  std::string bytes;
};

/// Everything one epoch writes.
struct EpochCommit {
  EpochNumber number = 0;  ///< one more than the last
  std::uint64_t records = 0;
  std::optional<Instant> watermark;
  std::optional<Instant> timer_clock;
  std::optional<Instant> judged_by;
  std::vector<SourcePosition> positions;  ///< those that changed
  std::string offsets_json;
  std::vector<ChangeSet> changes;
  std::vector<OutboxChunk> chunks;
};

/// What this state was bound to when it was first used; compared at each start.
struct Binding {
  std::string kafka_cluster_id;
  std::string database_system_id;
  std::int64_t database_timeline = 0;
};

/// Threads: one writer (the committer); readers on any thread. Lifetime: outlives every
/// transaction.
class StateStore {
 public:
  /// Fails with kOwnedByAnother (the directory is locked), kStateMismatch (another pipeline, a
  /// newer format, other settings), kStateCorrupt, kStateFailed.
  static Result<std::unique_ptr<StateStore>> open(const StateStoreOptions& options);
  ~StateStore();
  StateStore(const StateStore&) = delete;
  StateStore& operator=(const StateStore&) = delete;

  /// A tree for keyed state. REQUIRES: called before the first commit.
  Result<Table> table(const char* name) { return environment_->table(name); }
  /// The same for a large one that is changed all over: storage/logged_tables.hpp.
  Result<Table> logged_table(const char* name, PlaceLayout layout = PlaceLayout::kByKey) {
    return environment_->logged_table(name, layout);
  }
  Result<ReadTransaction> read() const { return environment_->read(); }
  /// The trees by name: those that were there at open(), and those opened since. Threads: any, once
  /// all are opened.
  const std::map<std::string, Table, std::less<>>& tables() const { return environment_->tables(); }

  // What stands in a view, whatever is committed meanwhile. Threads: any.
  Result<ChainRecord> newest_epoch(const ReadTransaction& txn) const;
  Result<std::vector<SourcePosition>> positions(const ReadTransaction& txn) const;

  /// As it stood at open(), kept up to date by commit(): oldest first, never empty.
  const std::vector<ChainRecord>& chain() const { return chain_; }
  const std::vector<SourcePosition>& positions() const { return positions_; }
  /// The random secret of this state's keyed hashes.
  std::uint64_t hash_seed() const { return hash_seed_; }
  const std::optional<Binding>& binding() const { return binding_; }
  Result<Unit> bind(const Binding& binding);

  /// Durable on return. REQUIRES: positions never go back, but for a topic that was made anew.
  /// Fails with kStateFull, kStateFailed or kStateCorrupt; then nothing was written.
  Result<ChainRecord> commit(const EpochCommit& epoch, const Incarnation& incarnation);

  /// Folds what commits have made due of the log into the trees, in transactions of its own. To be
  /// called after each commit, once the epoch has been told: nothing depends on it but the size of
  /// the log.
  Result<Unit> fold();

  /// The outbox of epochs up to `number` will go with the next commit, or with trim_now().
  void trim_to(EpochNumber number) { trim_target_.store(number, std::memory_order_release); }
  Result<Unit> trim_now();

  /// The chunks of one lane in the epochs (from, to], in order. `visit` returning an error ends the
  /// walk with it. The view passed dies with the call. Threads: any.
  Result<Unit> for_each_chunk(
      int lane, EpochNumber from, EpochNumber to,
      const std::function<Result<Unit>(std::string_view chunk)>& visit) const;

  /// Maintenance beside the commits (sealing an id segment). Threads: the writer's.
  Result<Unit> write(const std::function<Result<Unit>(WriteTransaction&)>& body) {
    return environment_->write(body);
  }

  std::uint64_t used_bytes() const { return environment_->used_bytes(); }
  std::uint64_t map_size_bytes() const { return environment_->map_size_bytes(); }

 private:
  StateStore() = default;
  Result<Unit> load(const StateStoreOptions& options);
  Result<Unit> create(const StateStoreOptions& options);
  Result<Unit> check_meta(std::string_view value, const StateStoreOptions& options);
  Result<Unit> migrate(const StateMeta& meta);
  Result<FoldProgress> write_changes(WriteTransaction& txn,
                                     std::span<const StateChange> changes) const;
  Result<Unit> load_log();
  Result<Unit> load_chain();
  Result<Unit> check_fresh() const;
  Result<Unit> check_outbox() const;
  Result<Unit> load_positions();
  Result<Unit> trim(WriteTransaction& txn, EpochNumber target);
  void forget_chain_before(EpochNumber number);

  std::optional<DirectoryLock> lock_;  // the last to go
  std::unique_ptr<Environment> environment_;
  Table meta_table_ = 0;
  Table chain_table_ = 0;
  Table positions_table_ = 0;
  Table outbox_table_ = 0;
  std::optional<ChangeLog> log_;
  std::uint64_t hash_seed_ = 0;
  std::optional<Binding> binding_;
  std::vector<ChainRecord> chain_;
  std::vector<SourcePosition> positions_;
  std::atomic<EpochNumber> trim_target_{0};
  EpochNumber trimmed_to_ = 0;
};

}  // namespace lensart::storage
