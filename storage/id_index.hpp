/// Every accepted event id, for as long as `orders_raw` holds it: on disk, so that only memory is
/// bounded (docs/contract.md §2, Duplicates).
///
/// Ids are 128-bit keyed hashes. New ones lie in memory and, epoch by epoch, in a log; from time to
/// time the log is sealed into a sorted segment with a Bloom filter, and segments are merged into
/// larger ones. Lanes share the space by ranges of the hash, so that their number never enters a
/// key.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "graph/error.hpp"
#include "storage/id_merge.hpp"
#include "storage/id_segment.hpp"
#include "storage/state_store.hpp"

namespace lensart::storage {

inline std::size_t lane_of(const IdHash& id, std::size_t lanes) {
  return static_cast<std::size_t>((id.high >> 32) * lanes >> 32);
}

struct IdSegments {
  EpochNumber covers_until = 0;  ///< ids of epochs up to here are in segments
  SegmentList segments;
};

/// The shared part. Threads: `segments` any; the rest the writer's.
class IdIndex {
 public:
  static Result<std::unique_ptr<IdIndex>> open(StateStore& store);

  std::shared_ptr<const IdSegments> segments() const;
  /// Ids of the log, as loaded at open(): what the lanes begin with. Freed by the call.
  std::vector<IdHash> take_recent();

  /// Puts the ids that a lane of the job accepted in an epoch into its change set.
  void log(ChangeSet& changes, EpochNumber epoch, std::size_t lane,
           const std::vector<IdHash>& ids) const;
  /// Sorts the log up to and including `until` into a segment, written a stretch a transaction; the
  /// last one takes the log away. A segment that a crash ends is litter, and the log still there.
  Result<Unit> seal(EpochNumber until);
  /// Merges segments, if any are to be, a stretch for so many new ids: to be called after each
  /// epoch.
  Result<Unit> merge_some(std::uint64_t ids = 0);
  Table segment_table() const { return segment_table_; }

 private:
  explicit IdIndex(StateStore& store) : store_(store) {}
  Result<Unit> load();
  void publish(SegmentList segments, EpochNumber covers_until);
  Result<Unit> append(WriteTransaction& txn, const KeyValues& entries) const;
  Result<bool> erase_litter();
  Result<bool> merge_stretch();

  StateStore& store_;
  Table log_table_ = 0;
  Table segment_table_ = 0;
  std::vector<IdHash> recent_;
  std::uint64_t last_number_ = 0;
  std::optional<IdMerge> merge_;
  SegmentList replaced_;               ///< by a merge; on disk until no lane looks at them
  std::vector<std::uint64_t> litter_;  ///< segments that nobody looks at
  mutable std::mutex mutex_;
  std::shared_ptr<const IdSegments> segments_ = std::make_shared<IdSegments>();
};

/// One lane's view: which ids of its range were seen. Threads: one at a time.
class IdLane {
 public:
  explicit IdLane(const IdIndex& index) : index_(index) {}

  /// At start: an id of the log.
  void restore(const IdHash& id) { current_.insert(id); }
  /// Once before each batch.
  void refresh();
  /// True when the id is new. It is remembered, tentatively: whoever accepts the event logs it,
  /// whoever refuses it has it forgotten.
  Result<bool> insert(const ReadTransaction& txn, const IdHash& id);
  /// The event was refused after all: its id is free again.
  void forget(const IdHash& id);
  /// From here on a new generation: what came before will be in a segment soon.
  void freeze(EpochNumber until);

 private:
  struct Frozen {
    EpochNumber until = 0;
    boost::unordered_flat_set<IdHash> ids;
  };
  const IdIndex& index_;
  boost::unordered_flat_set<IdHash> current_;
  std::vector<Frozen> frozen_;
  std::shared_ptr<const IdSegments> segments_ = std::make_shared<IdSegments>();
  std::vector<MappedFilter> filters_;  ///< of the segments, in their order
};

}  // namespace lensart::storage
