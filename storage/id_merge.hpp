/// Small segments of event ids made one, so that a look-up asks few filters.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "graph/error.hpp"
#include "storage/id_segment.hpp"
#include "storage/state_store.hpp"

namespace lensart::storage {

inline constexpr std::size_t kIdsAStretch = 32 * kIdsPerChunk;  // 512 KB

using SegmentList = std::vector<std::shared_ptr<const IdSegment>>;

/// Four segments of about one size, if there are as many and they are not large already; else none.
SegmentList segments_to_merge(const SegmentList& all);

/// One merge, a stretch an epoch: bounded in memory and in what a commit waits for it. Until its
/// last stretch is durable the sources are what counts; a merge that a crash ends is litter.
/// Threads: the writer's.
class IdMerge {
 public:
  IdMerge(std::uint64_t number, SegmentList sources);

  /// The next stretch, durable on return. The segment, once it is whole.
  Result<std::shared_ptr<const IdSegment>> step(StateStore& store, Table table);
  const SegmentList& sources() const { return sources_; }

 private:
  /// How far a source has been read.
  struct Cursor {
    const IdSegment* segment = nullptr;
    std::uint32_t next_chunk = 0;
    std::size_t at = 0;
    std::vector<IdHash> ids;
  };
  Result<bool> fill(Cursor& cursor, const ReadTransaction& txn, Table table) const;
  Result<std::vector<IdHash>> take(const ReadTransaction& txn, Table table);

  SegmentList sources_;
  std::vector<Cursor> cursors_;
  SegmentWriter writer_;
};

}  // namespace lensart::storage
