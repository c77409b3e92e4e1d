/// Sealed segments of event ids: sorted, immutable, on disk, with a Bloom filter in memory.
///
/// Formats: docs/state-format.md, id_segments.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
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

/// A split-block Bloom filter: one cache line a look-up, about 1 in 200 wrong at 12 bits an id.
class BlockFilter {
 public:
  explicit BlockFilter(std::size_t ids);
  explicit BlockFilter(std::string_view bytes);
  void add(const IdHash& id);
  bool may_contain(const IdHash& id) const;
  std::string_view bytes() const;

 private:
  struct alignas(32) Block {
    std::uint32_t words[8] = {};
  };
  std::vector<Block> blocks_;
};

struct IdSegment {
  std::uint64_t number = 0;
  std::uint64_t ids = 0;
  std::vector<IdHash> first_of_chunk;
  BlockFilter filter{0};
};

/// Records between two generations of ids, each a segment in the end.
inline constexpr std::uint64_t kIdsAGeneration = 1U << 17;
inline constexpr std::size_t kIdsPerChunk = 4'000;
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
  SegmentWriter(std::uint64_t number, std::uint64_t ids);
  void add(const IdHash* ids, std::size_t count, KeyValues& entries);
  /// The filter, which says that the segment is whole. `sources`: the segments it replaces.
  IdSegment finish(const std::vector<std::uint64_t>& sources, KeyValues& entries);

 private:
  IdSegment segment_;
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
