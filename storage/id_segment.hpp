/// Sealed segments of event ids: sorted, immutable, on disk, with a Bloom filter that is read where
/// it lies in the mapped file (docs/adr/0019-filters-of-ids-stay-in-the-file.md).
///
/// Formats: docs/state-format.md, id_segments.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/error.hpp"
#include "storage/lmdb.hpp"

namespace lensart::storage {

struct IdHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const IdHash&, const IdHash&) = default;
  friend std::size_t hash_value(const IdHash& id) { return static_cast<std::size_t>(id.low); }
};

/// Keyed by the state's secret, so that nobody can choose ids that collide.
IdHash hash_id(std::string_view id, std::uint64_t seed);

/// A split-block Bloom filter while it is made: one cache line a look-up, about 1 in 200 wrong at
/// 12 bits an id.
class BlockFilter {
 public:
  struct alignas(32) Block {
    std::uint32_t words[8] = {};
  };

  explicit BlockFilter(std::uint64_t ids) : blocks_(blocks_for(ids)) {}
  static std::uint64_t blocks_for(std::uint64_t ids);
  void add(const IdHash& id);
  std::string_view bytes() const;

 private:
  std::vector<Block> blocks_;
};

struct IdSegment {
  std::uint64_t number = 0;
  std::uint64_t ids = 0;
  std::vector<IdHash> first_of_chunk;
};

/// A segment's filter in the mapped file. A chunk is looked for once, and from then on known by its
/// address: LMDB never moves a value that has pages of its own, it is erased only when nobody holds
/// the segment, and growing the map (MapGeneration) makes the address forgotten. The end of a
/// filter may be too small for that, and is copied: less than 32 KiB. Threads: one at a time.
class MappedFilter {
 public:
  explicit MappedFilter(std::shared_ptr<const IdSegment> segment);
  MappedFilter(MappedFilter&&) = default;  // a copy would look into the other's end
  MappedFilter& operator=(MappedFilter&&) = default;
  const std::shared_ptr<const IdSegment>& segment() const { return segment_; }
  /// `txn`: a view that holds the segment. Fails with kStateCorrupt.
  Result<bool> may_contain(const ReadTransaction& txn, Table table, const IdHash& id);

 private:
  Result<Unit> find(const ReadTransaction& txn, Table table, std::size_t chunk);

  std::shared_ptr<const IdSegment> segment_;
  std::uint64_t blocks_;
  MapGeneration mapped_ = 0;
  std::vector<const char*> chunks_;  ///< null: not looked for yet
  std::vector<char> end_;            ///< the last chunk, where it is small
};

/// Records between two generations of ids, each a segment in the end.
inline constexpr std::uint64_t kIdsAGeneration = 1U << 17;
/// What a look-up that the filter lets through has to read and check: 16 KB.
inline constexpr std::size_t kIdsPerChunk = 1'000;
/// Chunk numbers from here on hold the filter.
inline constexpr std::uint32_t kFilterChunks = 0x8000'0000;
/// The last of them: which segments this one was made of.
inline constexpr std::uint32_t kSourcesChunk = std::numeric_limits<std::uint32_t>::max();

std::string segment_key(std::uint64_t number, std::uint32_t chunk);
/// A chunk of `count` ids, sealed.
std::string seal_ids(const IdHash* ids, std::size_t count);
/// Appends the ids of a sealed chunk; false when it is damaged.
bool unseal_ids(std::string_view chunk, std::vector<IdHash>& out);
tl::unexpected<Error> ids_damaged();

using KeyValues = std::vector<std::pair<std::string, std::string>>;

/// Builds a segment from ids in ascending order: its entries in the tree, and what stays in memory.
class SegmentWriter {
 public:
  /// REQUIRES: `ids` ids will be added.
  SegmentWriter(std::uint64_t number, std::uint64_t ids);
  void add(const IdHash* ids, std::size_t count, KeyValues& entries);
  /// The filter, which says that the segment is whole. `sources`: the segments it replaces.
  IdSegment finish(const std::vector<std::uint64_t>& sources, KeyValues& entries);

 private:
  IdSegment segment_;
  BlockFilter filter_;
  std::uint32_t chunk_ = 0;
};

/// What the tree holds.
struct StoredSegments {
  std::vector<IdSegment> whole;
  std::vector<std::uint64_t> litter;  ///< unfinished, or replaced by another: to be erased
  std::uint64_t last_number = 0;
};
Result<StoredSegments> load_segments(const ReadTransaction& txn, Table table);

/// Whether the segment on disk holds the id; its filter has said that it may.
Result<bool> segment_contains(const ReadTransaction& txn, Table table, const IdSegment& segment,
                              const IdHash& id);

}  // namespace lensart::storage
